"""The page that lists all rules, with search and facets, and how rules stand in lists."""
