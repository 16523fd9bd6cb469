"""The nouns of the catalog: frozen values, no input or output."""
