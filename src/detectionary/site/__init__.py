"""The static site: all pages of a catalog as files, for any web server, or for none."""
