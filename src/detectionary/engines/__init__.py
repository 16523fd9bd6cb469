"""The engines that run a plan: a folder each, with its dialect, its session and its gaps."""
