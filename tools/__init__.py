"""Commands for the project itself: the demo, generated documentation, the data in the package."""
