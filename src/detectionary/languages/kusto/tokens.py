"""The tokens of Kusto: their kinds, and which keywords may stand where a name is expected.

The kind of a token with one spelling is that spelling (`"where"`, `"|"`, `"!in~"`); the others have a kind that reads
well in a message ("a name"). So the parser's code shows the words of the language, and comparing two kinds compares
two interned strings. The words are those of Microsoft's `SyntaxFacts` (Kusto.Language 12.4.1).
"""

from __future__ import annotations

from typing import Final, NamedTuple

from detectionary.text import Span


def words(text: str) -> frozenset[str]:
    """The words of `text`, which blanks separate."""
    return frozenset(text.split())


# Kinds of tokens with many spellings

NAME: Final = "a name"
STRING: Final = "a string"
LONG: Final = "a number"
INT: Final = "int(…)"
REAL: Final = "a real number"
DECIMAL: Final = "decimal(…)"
BOOL: Final = "a truth value"
DATETIME: Final = "a datetime"
TIMESPAN: Final = "a timespan"
GUID: Final = "guid(…)"
RAW_GUID: Final = "a bare guid"
DIRECTIVE: Final = "a directive"
BAD: Final = "an unknown character"
END: Final = "the end of the query"

LITERALS: Final = frozenset(
    {STRING, LONG, INT, REAL, DECIMAL, BOOL, DATETIME, TIMESPAN, GUID, RAW_GUID},
)

# Words

NAME_KEYWORDS: Final = words(
    """
    __partitionby access alias best_effort bin bool consume count database dataformat datetime_pattern declare default
    distinct edges entity_group evaluate extend facet filter fork from getschema graph guid id inline_external_table
    join let limit lookup mvapply mvexpand nodes null nulls on optional order output pack parse partition pattern plotly
    query_parameters range reduce regex render restrict scan serialize sort step summarize take top typeof uuid view
    with with_node_id
    """
)
"""Keywords that are names wherever a name is expected."""

DECLARED_NAME_KEYWORDS: Final = NAME_KEYWORDS | words(
    """
    accumulate as by contains datatable earliest externaldata find has in invoke latest materialize mdm of print sample
    sample-distinct search set sql title to top-hitters top-nested toscalar totable verbose viewers where
    """
)
"""Keywords that are names where a name is declared (`by = 1`, `(set: string)`) and in wildcards."""

COLUMN_KEYWORDS: Final = frozenset({"kind", "withsource", "with_source"})
"""Keywords that are names where an expression is expected, and only there."""

OPERATOR_KEYWORDS: Final = words(
    """
    as assert-schema consume count distinct evaluate __executeAndCache extend facet filter find fork getschema
    graph-mark-components graph-match graph-shortest-paths graph-to-table graph-where-edges graph-where-nodes
    inline_external_table invoke join limit lookup macro-expand make-graph make-series mv-apply mvapply mv-expand
    mvexpand order parse parse-kv parse-where partition __partitionby print project project-away project-by-names
    project-keep project-rename project-reorder range reduce render sample sample-distinct scan search serialize
    sort summarize take top top-hitters top-nested union where
    """
)
"""The words that may follow a pipe."""

TYPE_KEYWORDS: Final = words(
    """
    bool boolean byte char date datetime decimal double dynamic float guid int int16 int32 int64 int8 long real string
    time timespan uint uint16 uint32 uint64 uint8 ulong uniqueid uuid
    """
)

OPERAND_KEYWORDS: Final = words(
    """
    and or between !between in !in in~ !in~ has !has has_cs !has_cs hasprefix !hasprefix hasprefix_cs !hasprefix_cs
    hassuffix !hassuffix hassuffix_cs !hassuffix_cs has_any has_all like notlike likecs notlikecs contains notcontains
    !contains containscs contains_cs notcontainscs !contains_cs startswith !startswith startswith_cs !startswith_cs
    endswith !endswith endswith_cs !endswith_cs
    """
) | {"matches regex"}
"""Operators between operands that are words."""

_OTHER_KEYWORDS: Final = words(
    """
    3Dchart __contextual_datatable __crossCluster __crossDB __id __isFuzzy __noWithSource __packedColumn __projectAway
    __sourceColumnIndex anomalychart areachart asc bagexpansion barchart bin_legacy cachingpolicy callout cancel card
    columnchart commands-and-queries cycles dataexport datascope decodeblocks desc encodingpolicy expandoutput
    extent_tags_retention external_data first flags force_remote granny-asc granny-desc harddelete hardretention
    hint.concurrency hint.distribution hint.materialized hint.num_partitions hint.progressive_top hint.remote
    hint.shufflekey hint.spread hint.strategy hotcache isfuzzy journal ladderchart last linechart
    materialized-view-combine materialized-views missing nooptimization others partitioned-by pathformat piechart
    pivotchart project-smart queries query_results relaxed restricted_view_access row_level_security rowstore
    rowstore_references rowstore_sealinfo rowstorepolicy rowstores scatterchart seal seals set-or-append set-or-replace
    shards simple softdelete softretention stackedareachart statistics storedqueryresultcontainers tablepurge timechart
    timeline timepivot treemap unrestrictedviewers views with_itemindex with_match_id with_step_name writeaheadlog
    """
)

KEYWORDS: Final = (
    DECLARED_NAME_KEYWORDS | COLUMN_KEYWORDS | OPERATOR_KEYWORDS | TYPE_KEYWORDS | OPERAND_KEYWORDS | _OTHER_KEYWORDS
)

PUNCTUATION: Final = words("( ) [ ] { } | . .. + - * / % < <= <| <> > >= = == => =~ ! != !~ : ; , @ ?")

COMPARISONS: Final = words("== != <> < <= > >= =~ !~")

NAMES: Final = NAME_KEYWORDS | {NAME}
"""Kinds that are a name wherever one is expected."""

DECLARED_NAMES: Final = DECLARED_NAME_KEYWORDS | {NAME}

WORDS: Final = KEYWORDS | {NAME}


class Token(NamedTuple):
    """A token by itself, for those who do not parse: the highlighter and the tests."""

    kind: str
    text: str
    span: Span
