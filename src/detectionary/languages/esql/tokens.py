"""The tokens of ES|QL: their kinds, and the words of its commands.

The kind of a token with one spelling is that spelling in lower case (`"where"`, `"|"`); the others have a kind that
reads well in a message ("a name"). The words are those of Elasticsearch's own grammar (`EsqlBaseLexer.g4` and the files
it imports, as of August 2026); they are read without regard to case.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from detectionary.text import Span


def words(text: str) -> frozenset[str]:
    """The words of `text`, which blanks separate."""
    return frozenset(text.split())


NAME: Final = "a name"
QUOTED_NAME: Final = "a name in backticks"
PATTERN: Final = "a name pattern"
STRING: Final = "a string"
INTEGER: Final = "a whole number"
DECIMAL: Final = "a number"
PARAMETER: Final = "a parameter"
SOURCE: Final = "an index pattern"
POLICY: Final = "a policy"
PROMQL: Final = "a PromQL query"
COMMAND: Final = "a command"
BAD: Final = "an unknown character"
END: Final = "the end of the query"

NUMBERS: Final = frozenset({INTEGER, DECIMAL})
NAMES: Final = frozenset({NAME, QUOTED_NAME})

SOURCE_COMMANDS: Final = words("from ts row show explain promql external")
JOINS: Final = words("lookup left right")
DERIVING: Final = words("uri_parts registered_domain user_agent ip_location")
"""Commands that make several columns of one text: `user_agent name = expression`."""
BARE: Final = words("metrics_info ts_info ts_collapse dedup")
"""Commands of one word."""
PROCESSING_COMMANDS: Final = (
    JOINS
    | DERIVING
    | BARE
    | words(
        """
    where eval keep drop rename stats inline inlinestats sort limit dissect grok enrich mv_expand change_point
    completion sample fork rerank fuse mmr highlight
    """
    )
)
COMMANDS: Final = SOURCE_COMMANDS | PROCESSING_COMMANDS | {"set"}

RESERVED: Final = words("and asc by desc false first in is last like not null nulls on or rlike true with where")
"""Words that are no names in expressions unless they stand in backticks."""

COMPARISONS: Final = words("== != < <= > >=")


class Token(NamedTuple):
    """A token by itself, for those who do not parse: the highlighter and the tests."""

    kind: str
    text: str
    span: Span
