"""Texts of strangers as HTML: escaped, painted by their tokens, never trusted."""
