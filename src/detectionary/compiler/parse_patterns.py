"""Pieces of regular expressions for `parse` and `parse-kv`, in the part of the syntax that RE2 and Java share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_BLANKS: Final = {"\t": r"\t", "\n": r"\n", "\f": r"\f", "\r": r"\r", " ": " "}


def escaped(text: str) -> str:
    """A regular expression that matches exactly `text`."""
    return "".join(map(_escaped, text))


def _escaped(character: str) -> str:
    if character in "<>":  # escaped, they are borders of words to some libraries
        return f"\\x{ord(character):02X}"
    return f"\\{character}" if character.isascii() and not character.isalnum() and character > " " else character


@dataclass(frozen=True, slots=True)
class Shape:
    """What a regular expression is made of: its capturing groups, and whether `|` stands outside of all groups."""

    groups: int
    alternatives: bool


def shape(regex: str) -> Shape | None:
    """The shape of a regular expression; None when a group or class is left open, or it ends in a backslash."""
    groups, depth, alternatives = 0, 0, False
    at, end = 0, len(regex)
    while at < end:
        character = regex[at]
        if character == "\\":
            if regex.startswith("\\Q", at):
                at = regex.find("\\E", at)
                if at < 0:
                    return None
            at += 2
            if at > end:
                return None
            continue
        if character == "[":
            at = _class_end(regex, at)
            if at < 0:
                return None
        elif character == "(":
            depth += 1
            groups += not regex.startswith("(?", at) or regex.startswith(("(?P<", "(?<"), at)
        elif character == ")":
            depth -= 1
            if depth < 0:
                return None
        elif character == "|" and depth == 0:
            alternatives = True
        at += 1
    return Shape(groups, alternatives) if depth == 0 else None


def _class_end(regex: str, start: int) -> int:
    """The place of the `]` that ends the class at `start`, -1 when there is none."""
    at = start + 1
    if regex.startswith("^", at):
        at += 1
    if regex.startswith("]", at):
        at += 1
    while at < len(regex):
        if regex[at] == "\\":
            at += 2
        elif regex.startswith("[:", at) and (closed := regex.find(":]", at)) > 0:
            at = closed + 2
        elif regex[at] == "]":
            return at
        else:
            at += 1
    return -1


def quoted_pairs(pair: str, key: str, quote: str, escape: str) -> str:
    """A regular expression that matches one pair after the other, its end included, to the end of the text.

    `pair` (one character) parts pairs, `key` parts key and value, `quote` is one character, or an opening and a closing
    one, `escape` one character or none. Groups: quoted key, plain key, quoted value, plain value; a part that is no
    pair leaves all of them empty.
    """
    # A blank that is a delimiter is no blank, so that skipping blanks never runs over the end of a pair.
    blanks = "".join(written for blank, written in _BLANKS.items() if blank not in pair + key)
    skip = f"[{blanks}]*"
    inside = f"[^{_in_class(pair)}]"
    end = rf"(?:{escaped(pair)}|\z)"
    within = f"[^{_in_class(quote[-1] + escape)}]"
    if escape:
        within = f"(?:{within}|{escaped(escape)}.)"
    quoted = f"{escaped(quote[0])}({within}*){escaped(quote[-1])}"
    name = f"{skip}(?:{quoted}|({inside}*?)){skip}{escaped(key)}{skip}"
    value = f"(?:{quoted}{skip}{end}|({inside}*){end})"
    return f"(?s)(?:{name}{value}|{inside}*{end})"


def _in_class(characters: str) -> str:
    """Characters as they stand inside `[…]`."""
    return "".join(f"\\{character}" if character in "\\]^-[&~" else character for character in characters)
