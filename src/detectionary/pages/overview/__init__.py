"""The first page: what the catalog holds, and how much of it was understood."""
