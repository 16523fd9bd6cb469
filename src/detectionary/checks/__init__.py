"""What is wrong with a rule beyond its text: one file a check, each a function from a rule to diagnostics."""
