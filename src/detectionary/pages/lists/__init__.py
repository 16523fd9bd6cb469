"""The pages that index the catalog: one for each log source, field, action, repository, author and shared value."""
