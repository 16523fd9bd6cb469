"""The aggregates of `summarize`, `make-series`, `top-nested` and the like; `functions.py` says how to read a row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from detectionary.languages.kusto.functions import Function, Naming, Result, by_name, function
from detectionary.languages.kusto.types import DATETIME, DECIMAL, DYNAMIC, LONG, REAL, TIMESPAN

AGGREGATES: Final[Mapping[str, Function]] = by_name(
    (
        function("sum", ("expr:summable", Result.PROMOTED_0), name_rule=Naming.PREFIXED),
        function("sumif", ("expr:summable predicate:bool", Result.PROMOTED_0), name_rule=Naming.PREFIXED),
        function("cnt", ("", LONG), name_rule=Naming.PREFIXED),
        function("count", ("", LONG), ("predicate:bool", LONG), name_rule=Naming.PREFIXED),
        function("countif", ("predicate:bool", LONG), name_rule=Naming.PREFIXED),
        function("dcount", ("expr:scalar accuracy:not_dynamic?", LONG), name_rule=Naming.PREFIXED),
        function("dcountif", ("expr:scalar predicate:bool accuracy:not_dynamic?", LONG), name_rule=Naming.PREFIXED),
        function("tdigest", ("expr:summable weight:integer?", DYNAMIC), name_rule=Naming.PREFIXED),
        function("tdigest_merge", ("tdigest:array", DYNAMIC), name_rule=Naming.PREFIXED, prefix="merge_tdigests"),
        function("merge_tdigest", ("tdigest:array", DYNAMIC), name_rule=Naming.PREFIXED, prefix="merge_tdigests"),
        function("hll", ("expr:not_real_or_bool accuracy:integer?", DYNAMIC), name_rule=Naming.PREFIXED),
        function(
            "hll_if", ("expr:not_real_or_bool predicate:bool accuracy:integer?", DYNAMIC), name_rule=Naming.PREFIXED
        ),
        function("hll_merge", ("hll:array", DYNAMIC), name_rule=Naming.PREFIXED),
        function("min", ("expr:orderable", Result.ARGUMENT_0), name_rule=Naming.PREFIXED),
        function("minif", ("expr:orderable predicate:bool", Result.ARGUMENT_0), name_rule=Naming.PREFIXED),
        function("max", ("expr:orderable", Result.ARGUMENT_0), name_rule=Naming.PREFIXED),
        function("maxif", ("expr:orderable predicate:bool", Result.ARGUMENT_0), name_rule=Naming.PREFIXED),
        function(
            "avg",
            ("expr:integer", REAL),
            ("expr:real", REAL),
            ("expr:decimal", DECIMAL),
            ("expr:timespan", TIMESPAN),
            ("expr:datetime", DATETIME),
            name_rule=Naming.PREFIXED,
        ),
        function(
            "avgif",
            ("expr:integer predicate:bool", REAL),
            ("expr:real predicate:bool", REAL),
            ("expr:decimal predicate:bool", DECIMAL),
            ("expr:timespan predicate:bool", TIMESPAN),
            ("expr:datetime predicate:bool", DATETIME),
            name_rule=Naming.PREFIXED,
        ),
        function("makelist", ("expr:scalar maxSize:integer?", DYNAMIC), name_rule=Naming.PREFIXED, prefix="list"),
        function("make_list", ("expr:scalar maxSize:integer?", DYNAMIC), name_rule=Naming.PREFIXED, prefix="list"),
        function(
            "make_list_if",
            ("expr:scalar predicate:bool maxSize:integer?", DYNAMIC),
            name_rule=Naming.PREFIXED,
            prefix="list",
        ),
        function("make_list_with_nulls", ("expr:scalar", DYNAMIC), name_rule=Naming.PREFIXED, prefix="list"),
        function("makeset", ("expr:scalar maxSize:integer?", DYNAMIC), name_rule=Naming.PREFIXED, prefix="set"),
        function("make_set", ("expr:scalar maxSize:integer?", DYNAMIC), name_rule=Naming.PREFIXED, prefix="set"),
        function(
            "make_set_if",
            ("expr:scalar predicate:bool maxSize:integer?", DYNAMIC),
            name_rule=Naming.PREFIXED,
            prefix="set",
        ),
        function(
            "make_dictionary", ("expr:bag maxSize:integer?", DYNAMIC), name_rule=Naming.PREFIXED, prefix="dictionary"
        ),
        function("make_bag", ("expr:bag maxSize:integer?", DYNAMIC), name_rule=Naming.PREFIXED, prefix="bag"),
        function(
            "make_bag_if",
            ("expr:bag predicate:bool maxSize:integer?", DYNAMIC),
            name_rule=Naming.PREFIXED,
            prefix="bag",
        ),
        function("buildschema", ("expr:bag", DYNAMIC), name_rule=Naming.PREFIXED, prefix="schema"),
        function("passthrough", ("expr:scalar", Result.ARGUMENT_0), name_rule=Naming.FIRST_ARGUMENT),
        function("percentile", ("expr:scalar percentile:number", Result.PERCENTILES)),
        function("percentiles", ("expr:scalar percentile:number+", Result.PERCENTILES)),
        function(
            "percentiles_array",
            ("expr:scalar percentile:number+", Result.PERCENTILE_ARRAY),
            ("expr:scalar percentiles:array", Result.PERCENTILE_ARRAY),
        ),
        function("percentilew", ("expr:scalar weight:integer percentile:number", Result.PERCENTILES)),
        function("percentilesw", ("expr:scalar weight:integer percentile:number+", Result.PERCENTILES)),
        function(
            "percentilesw_array",
            ("expr:scalar weight:integer percentile:number+", Result.PERCENTILE_ARRAY),
            ("expr:scalar weight:integer percentiles:array", Result.PERCENTILE_ARRAY),
        ),
        function("stdev", ("expr:summable", REAL), name_rule=Naming.PREFIXED),
        function("stdevif", ("expr:summable predicate:bool", REAL), name_rule=Naming.PREFIXED),
        function("stdevp", ("expr:summable", REAL), name_rule=Naming.PREFIXED),
        function("variance", ("expr:summable", REAL), name_rule=Naming.PREFIXED),
        function("varianceif", ("expr:summable predicate:bool", REAL), name_rule=Naming.PREFIXED),
        function("variancep", ("expr:summable", REAL), name_rule=Naming.PREFIXED),
        function("variancepif", ("expr:summable predicate:bool", REAL), name_rule=Naming.PREFIXED),
        function("covariance", ("expr:summable expr:summable", REAL), name_rule=Naming.PREFIXED),
        function("covarianceif", ("expr:summable expr:summable predicate:bool", REAL), name_rule=Naming.PREFIXED),
        function("covariancep", ("expr:summable expr:summable", REAL), name_rule=Naming.PREFIXED),
        function("covariancepif", ("expr:summable expr:summable predicate:bool", REAL), name_rule=Naming.PREFIXED),
        function(
            "any",
            ("expr:scalar", Result.ARGUMENT_0),
            ("expr:scalar+2", Result.ANY),
            ("expr:scalar@star", Result.ANY),
            name_rule=Naming.PREFIXED,
        ),
        function("take_any", ("expr:scalar@starred+", Result.ANY)),
        function("anyif", ("expr:scalar predicate:bool", Result.ARGUMENT_0), name_rule=Naming.PREFIXED),
        function("take_anyif", ("expr:scalar predicate:bool", Result.ARGUMENT_0), name_rule=Naming.FIRST_ARGUMENT),
        function("arg_min", ("minimized:orderable returned:scalar@starred*", Result.ARG)),
        function("arg_max", ("maximized:orderable returned:scalar@starred*", Result.ARG)),
        function("argmin", ("minimized:orderable returned:scalar@starred*", Result.ARG_OLD), prefix="min"),
        function("argmax", ("maximized:orderable returned:scalar@starred*", Result.ARG_OLD), prefix="max"),
        function("binary_all_or", ("expr:summable", Result.ARGUMENT_0), name_rule=Naming.FIRST_ARGUMENT),
        function("binary_all_and", ("expr:summable", Result.ARGUMENT_0), name_rule=Naming.FIRST_ARGUMENT),
        function("binary_all_xor", ("expr:summable", Result.ARGUMENT_0), name_rule=Naming.FIRST_ARGUMENT),
        function("count_distinct", ("expr:not_dynamic", LONG), name_rule=Naming.PREFIXED),
        function("count_distinctif", ("expr:not_dynamic predicate:bool", LONG), name_rule=Naming.PREFIXED),
    )
)
