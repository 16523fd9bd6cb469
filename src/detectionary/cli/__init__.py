"""The command line: it translates arguments, calls one function of a room below, and hands the value to `output`."""

from detectionary.cli.app import main

__all__ = ["main"]
