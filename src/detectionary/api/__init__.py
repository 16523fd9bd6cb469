"""The live site and its API: the pages of a catalog file, made when they are asked for."""
