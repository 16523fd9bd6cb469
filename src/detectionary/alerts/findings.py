"""What is to be said of a rule's contract once its rows are there: codes, levels and words in one place."""

from __future__ import annotations

from detectionary.text import Diagnostic, Level

UNKNOWN_ENTITY = "ALERT103"
OVER_LIMIT = "ALERT104"
EXCESS = "ALERT105"
FALLBACK = "ALERT106"
NO_ENTITY = "ALERT107"
UNREAD_SETTING = "ALERT108"


def unknown_entity(place: str, message: str, advice: str | None = None) -> Diagnostic:
    """An entity type or identifier that Sentinel does not have: it is not raised."""
    return Diagnostic(UNKNOWN_ENTITY, Level.ERROR, message, help=advice, place=place)


def misspelt(place: str, written: str, meant: str) -> Diagnostic:
    """An entity type or identifier in another letter case; it is read as what is meant."""
    message = f'"{written}" is spelled "{meant}" by Sentinel; it is read as that'
    return Diagnostic(UNKNOWN_ENTITY, Level.WARNING, message, help=f'write "{meant}"', place=place)


def over_limit(place: str, what: str, count: int, limit: int) -> Diagnostic:
    """More than Sentinel lets a rule have: it would refuse the rule, which is evaluated as it is written."""
    message = f"{what}: {count}, and Sentinel accepts {limit} at most"
    return Diagnostic(
        OVER_LIMIT, Level.ERROR, message, help="Sentinel refuses such a rule; leave some out", place=place
    )


def excess(place: str, message: str, advice: str | None = None) -> Diagnostic:
    """Values, entities or alerts that were dropped because there are too many, or because they are too large."""
    return Diagnostic(EXCESS, Level.WARNING, message, help=advice, place=place)


def fallback(place: str, message: str, level: Level = Level.WARNING) -> Diagnostic:
    """A property of an alert that the rule wanted to take from a column, and that is the rule's own instead."""
    return Diagnostic(FALLBACK, level, message, place=place)


def no_entity(place: str, message: str, level: Level = Level.NOTE) -> Diagnostic:
    """An entity that a row names and that is not raised."""
    return Diagnostic(NO_ENTITY, level, message, place=place)


def unread(place: str, message: str, advice: str | None = None, level: Level = Level.WARNING) -> Diagnostic:
    """A setting that is not known, or that leaves no trace in the alert."""
    return Diagnostic(UNREAD_SETTING, level, message, help=advice, place=place)
