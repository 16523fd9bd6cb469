"""The page of a rule, in every language."""
