"""Pieces of regular expressions for `parse` and `parse-kv`, in Kusto's syntax."""

from __future__ import annotations

from typing import Final

_BLANKS: Final = {"\t": r"\t", "\n": r"\n", "\f": r"\f", "\r": r"\r", " ": " "}


def escaped(text: str) -> str:
    """A regular expression that matches exactly `text`."""
    return "".join(map(_escaped, text))


def _escaped(character: str) -> str:
    if character in "<>":  # escaped, they are borders of words to some libraries
        return f"\\x{ord(character):02X}"
    return f"\\{character}" if character.isascii() and not character.isalnum() and character > " " else character


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
