"""The files of the static search."""
