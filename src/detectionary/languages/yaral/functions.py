"""The functions of YARA-L: how many arguments they take, what they give, and what a filter by them means.

https://cloud.google.com/chronicle/docs/yara-l/functions, and for aggregates
https://cloud.google.com/chronicle/docs/investigation/statistics-aggregations-in-udm-search.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from detectionary.model.predicate import Operator


@dataclass(frozen=True, slots=True)
class Function:
    """One function. `most` is None where arguments may go on.

    `returns` is a type, "argument" for that of the first argument, or "array" for an array of it. `test` is set for
    functions that are conditions: how the first argument is compared with the second. `aggregate`: it works on all
    events of a match. `numeric`: an aggregate that counts or measures, so that a comparison of it is a threshold.
    """

    name: str
    least: int
    most: int | None
    returns: str
    test: Operator | None = None
    aggregate: bool = False
    numeric: bool = False


_ROWS: Final = (
    # Aggregates
    Function("array", 1, 2, "array", aggregate=True),
    Function("array_distinct", 1, 2, "array", aggregate=True),
    Function("avg", 1, 1, "float", aggregate=True, numeric=True),
    Function("count", 0, 1, "int", aggregate=True, numeric=True),
    Function("count_distinct", 1, 1, "int", aggregate=True, numeric=True),
    Function("earliest", 1, 1, "timestamp", aggregate=True),
    Function("latest", 1, 1, "timestamp", aggregate=True),
    Function("max", 1, 1, "argument", aggregate=True, numeric=True),
    Function("min", 1, 1, "argument", aggregate=True, numeric=True),
    Function("stddev", 1, 1, "float", aggregate=True, numeric=True),
    Function("sum", 1, 1, "argument", aggregate=True, numeric=True),
    Function("window.avg", 1, 2, "float", aggregate=True, numeric=True),
    Function("window.first", 2, 2, "string", aggregate=True),
    Function("window.last", 2, 2, "string", aggregate=True),
    Function("window.median", 1, 2, "float", aggregate=True, numeric=True),
    Function("window.mode", 1, 1, "string", aggregate=True),
    Function("window.percentile", 2, 3, "float", aggregate=True, numeric=True),
    Function("window.range", 1, 2, "array of float", aggregate=True),
    Function("window.stddev", 1, 2, "float", aggregate=True, numeric=True),
    Function("window.variance", 1, 2, "float", aggregate=True, numeric=True),
    # Choice and grouping
    Function("if", 1, 3, "branches"),
    Function("group", 1, None, "argument"),
    # Arrays
    Function("arrays.concat", 2, 2, "argument"),
    Function("arrays.contains", 2, 2, "bool", test=Operator.EQ),
    Function("arrays.index_to_float", 2, 2, "float"),
    Function("arrays.index_to_int", 2, 2, "int"),
    Function("arrays.index_to_str", 2, 2, "string"),
    Function("arrays.join_string", 1, 2, "string"),
    Function("arrays.length", 1, 1, "int"),
    Function("arrays.max", 1, 1, "float"),
    Function("arrays.min", 1, 2, "float"),
    Function("arrays.size", 1, 1, "int"),
    # Bytes, casts, hashes
    Function("bytes.to_base64", 1, 2, "string"),
    Function("cast.as_bool", 1, 1, "bool"),
    Function("cast.as_float", 1, 1, "float"),
    Function("cast.as_int", 1, 1, "int"),
    Function("cast.as_string", 1, 2, "string"),
    Function("fingerprint", 1, None, "int"),
    Function("hash.fingerprint2011", 1, 1, "int"),
    Function("hash.sha256", 1, 1, "string"),
    # Numbers
    Function("math.abs", 1, 1, "argument"),
    Function("math.ceil", 1, 1, "int"),
    Function("math.floor", 1, 1, "int"),
    Function("math.geo_distance", 4, 4, "float"),
    Function("math.is_increasing", 3, 3, "bool"),
    Function("math.log", 1, 1, "number"),
    Function("math.pow", 2, 2, "float"),
    Function("math.random", 0, 0, "float"),
    Function("math.round", 1, 2, "number"),
    Function("math.sqrt", 1, 1, "float"),
    Function("optimization.sample_rate", 3, 3, "bool"),
    # Addresses
    Function("net.ip_in_range_cidr", 2, 2, "bool", test=Operator.CIDR_MATCH),
    # Regular expressions
    Function("re.capture", 2, 2, "string"),
    Function("re.capture_all", 2, 2, "array of string"),
    Function("re.regex", 2, 2, "bool", test=Operator.REGEX_MATCH),
    Function("re.replace", 3, 3, "string"),
    # Texts
    Function("strings.base64_decode", 1, 1, "string"),
    Function("strings.coalesce", 1, None, "string"),
    Function("strings.concat", 1, None, "string"),
    Function("strings.contains", 2, 2, "bool", test=Operator.CONTAINS),
    Function("strings.count_substrings", 2, 2, "int"),
    Function("strings.ends_with", 2, 2, "bool", test=Operator.ENDS_WITH),
    Function("strings.extract_domain", 1, 1, "string"),
    Function("strings.extract_hostname", 1, 1, "string"),
    Function("strings.from_base64", 1, 1, "bytes"),
    Function("strings.from_hex", 1, 1, "bytes"),
    Function("strings.ltrim", 1, 2, "string"),
    Function("strings.reverse", 1, 1, "string"),
    Function("strings.rtrim", 1, 2, "string"),
    Function("strings.shannon_entropy", 1, 1, "float"),
    Function("strings.split", 1, 2, "array of string"),
    Function("strings.starts_with", 2, 2, "bool", test=Operator.STARTS_WITH),
    Function("strings.substr", 2, 3, "string"),
    Function("strings.to_lower", 1, 1, "string"),
    Function("strings.to_upper", 1, 1, "string"),
    Function("strings.trim", 1, 2, "string"),
    Function("strings.url_decode", 1, 1, "string"),
    # Times
    Function("timestamp.as_unix_seconds", 1, 2, "int"),
    Function("timestamp.current_seconds", 0, 0, "int"),
    Function("timestamp.diff", 3, 3, "int"),
    Function("timestamp.get_date", 1, 2, "string"),
    Function("timestamp.get_day_of_week", 1, 2, "int"),
    Function("timestamp.get_hour", 1, 2, "int"),
    Function("timestamp.get_minute", 1, 2, "int"),
    Function("timestamp.get_timestamp", 1, 3, "string"),
    Function("timestamp.get_week", 1, 2, "int"),
    Function("timestamp.now", 0, 0, "int"),
)

FUNCTIONS: Final = {function.name: function for function in _ROWS}

METRICS: Final = "metrics."
"""Every metric is a function of this name space with named arguments: its list grows with the product."""

METRIC_ARGUMENTS: Final = ("period", "window")
"""What every metric needs. Rules add `metric` and `agg`, searches `entity`, `value` and `operation`; further arguments
name the fields that it is kept for.
"""

NOW: Final = frozenset(("timestamp.current_seconds", "timestamp.now"))
"""Functions that give the moment at which the rule runs."""

CASE: Final = {"strings.to_lower": str.lower, "strings.to_upper": str.upper}
"""Functions whose result on a constant is known."""
