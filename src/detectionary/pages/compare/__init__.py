"""Two to four rules side by side."""
