"""The ATT&CK matrix, the pages of tactics and techniques, and layers for the Navigator."""
