"""Functions of IPv6 addresses in DuckDB SQL.

An address is held as its 128 bits, written as `0` and `1`. An IPv4 address counts as the IPv6 address `::ffff:a.b.c.d`,
and its prefix as that prefix and 96 (learn.microsoft.com, "ipv6_compare()").
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.dialect import EmitFunction, Gap, Scalar, ScalarRow
from detectionary.compiler.emit import Emission
from detectionary.compiler.plan import Apply
from detectionary.compiler.sql import Sql
from detectionary.engines.duckdb.once import once
from detectionary.engines.duckdb.scalars_network import ADDRESS, given_prefix, less, order, ranges, whole, with_texts
from detectionary.engines.duckdb.texts import EMPTY, joined, stop

_H: Final = "[0-9A-Fa-f]{1,4}"
_V4: Final = ADDRESS


def _forms() -> str:
    """An IPv6 address without a prefix, by RFC 4291: eight groups, `::` for one or more of 0, IPv4 for the last two."""
    forms = [f"(?:{_H}:){{7}}{_H}", f"(?:{_H}:){{1,7}}:", f":(?::{_H}){{1,7}}", "::"]
    forms += [f"(?:{_H}:){{1,{7 - behind}}}(?::{_H}){{1,{behind}}}" for behind in range(1, 7)]
    forms += [f"(?:{_H}:){{6}}{_V4}", f"(?:{_H}:){{1,5}}:{_V4}", f"::(?:{_H}:){{0,5}}{_V4}"]
    forms += [f"(?:{_H}:){{1,{5 - behind}}}(?::{_H}){{1,{behind}}}:{_V4}" for behind in range(1, 5)]
    return "|".join(forms)


_SUFFIX4: Final = "(?:/(?:3[0-2]|[12]?[0-9]))?"
_SUFFIX6: Final = "(?:/(?:12[0-8]|1[01][0-9]|[1-9]?[0-9]))?"
EITHER: Final = rf"{_V4}{_SUFFIX4}|(?:{_forms()}){_SUFFIX6}"
ONLY4: Final = rf"{_V4}{_SUFFIX4}"


def _first(text: Sql, separator: str, part: int) -> Sql:
    return sql.call("split_part", text, sql.text(separator), sql.number(part))


def _is4(text: Sql) -> Sql:
    return sql.negate(sql.call("contains", text, sql.text(":")))


def _hex(value: Sql) -> Sql:
    return sql.call("to_hex", value)


def _groups(text: Sql) -> Sql:
    """The address with its IPv4 part, if any, as two groups; in the form of IPv6."""

    def body(address: Sql) -> Sql:
        octets = sql.call("string_split", sql.call("regexp_extract", address, sql.text("[0-9.]+$")), sql.text("."))
        pairs = sql.call(
            "list_transform", octets, sql.function(["o"], _padded(_hex(sql.try_cast(sql.variable("o"), "BIGINT")), 2))
        )
        digits = sql.call("array_to_string", pairs, EMPTY)
        front = sql.call("regexp_extract", address, sql.text("^.*:"))
        front = sql.case([(_is4(address), sql.text("::ffff:"))], front)
        high = sql.call("substring", digits, sql.number(1), sql.number(4))
        low = sql.call("substring", digits, sql.number(5), sql.number(4))
        mixed = joined(front, high, sql.text(":"), low)
        return sql.case([(sql.call("contains", address, sql.text(".")), mixed)], address)

    return once(_first(text, "/", 1), "address", body)


def _padded(value: Sql, width: int) -> Sql:
    return sql.call("lpad", value, sql.number(width), sql.text("0"))


def _digits(groups: Sql) -> Sql:
    """The 32 hexadecimal digits of an address in groups."""

    def side(part: int) -> Sql:
        found = sql.call("string_split", _first(groups, "::", part), sql.text(":"))
        filled = sql.call("list_filter", found, sql.function(["g"], sql.binary(exp.NEQ, sql.variable("g"), EMPTY)))
        padded = sql.call("list_transform", filled, sql.function(["g"], _padded(sql.variable("g"), 4)))
        return sql.call("array_to_string", padded, EMPTY)

    def body(left: Sql) -> Sql:
        return once(side(2), "right", lambda right: filled(left, right))

    def filled(left: Sql, right: Sql) -> Sql:
        used = sql.binary(exp.Add, sql.call("length", left), sql.call("length", right))
        zeros = sql.call("repeat", sql.text("0"), sql.binary(exp.Sub, sql.number(32), used))
        return joined(left, zeros, right)

    return once(side(1), "left", body)


def bits(text: Sql) -> Sql:
    """The 128 bits of an address, null for what is none."""
    digits = once(_groups(text), "groups", _digits)
    made = sql.cast(sql.cast(sql.call("unhex", digits), "BIT"), "VARCHAR")
    return sql.case([(sql.call("regexp_full_match", text, sql.text(EITHER)), made)])


def length(text: Sql) -> Sql:
    """The length of the prefix in bits of IPv6; 128 when there is none."""
    written = sql.try_cast(_first(text, "/", 2), "BIGINT")
    added = sql.binary(exp.Add, written, sql.case([(_is4(text), sql.number(96))], sql.number(0)))
    return sql.coalesce(added, whole(128))


def _prefix_given(texts: tuple[Sql, ...], given: Sql) -> Sql:
    """The prefix that a call gives: one of IPv4 when all addresses are; beside a mixed pair it must be clear."""
    all4 = sql.both(*map(_is4, texts))
    any4 = sql.either(*map(_is4, texts))
    message = "a prefix below 96 for an IPv4 and an IPv6 address is not supported"
    mixed = stop(sql.both(any4, less(given, sql.number(96))), message, given)
    return sql.case([(all4, sql.binary(exp.Add, given, sql.number(96)))], mixed)


def _left(value: Sql, count: Sql) -> Sql:
    return sql.call("left", value, count)


def _compared(result: Callable[[Sql, Sql], Sql]) -> EmitFunction:
    def emit(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
        extra = given_prefix(call, arguments, 2, 128)

        def body(one: Sql, other: Sql) -> Sql:
            given = [_prefix_given((one, other), value) for value in extra]
            shortest = sql.call("least", length(one), length(other), *given)
            return once(
                shortest,
                "size",
                lambda size: once(
                    _left(bits(one), size),
                    "one",
                    lambda left: once(_left(bits(other), size), "other", lambda right: result(left, right)),
                ),
            )

        return with_texts(call, arguments, emission, 2, body)

    return emit


def _in_range(address: Sql, size: Sql, range_: Sql) -> Sql:
    def body(wanted: Sql) -> Sql:
        inside = sql.equal(_left(address, wanted), _left(bits(range_), wanted))
        message = "an address with a prefix shorter than that of the range is not supported"
        return stop(less(size, wanted), message, inside)

    return once(length(range_), "size", body)


def _is_in_range(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    def body(text: Sql, range_: Sql) -> Sql:
        return _in_range(bits(text), length(text), range_)

    return with_texts(call, arguments, emission, 2, body)


def _is_in_any_range(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    def body(text: Sql) -> Sql:
        return once(bits(text), "bits", lambda address: among(text, address))

    def among(text: Sql, address: Sql) -> Sql:
        item = sql.variable("item")
        unknown = sql.negate(sql.call("regexp_full_match", item, sql.text(EITHER)))
        test = stop(unknown, "a range that is no IPv6 range is not supported", _in_range(address, length(text), item))
        tested = sql.call("list_transform", ranges(call, arguments, emission), sql.function(["item"], test))
        found = sql.coalesce(sql.call("list_bool_or", tested), sql.FALSE)
        return sql.case([(sql.not_null(address), found)])

    return with_texts(call, arguments, emission, 1, body)


def _parse(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """Eight groups of four digits, the bits behind the prefix 0; '' for what is no address."""
    extra = given_prefix(call, arguments, 1, 128)

    def body(text: Sql) -> Sql:
        given = [_prefix_given((text,), value) for value in extra]
        size = sql.call("least", length(text), *given) if given else length(text)
        kept = sql.call("rpad", _left(bits(text), size), sql.number(128), sql.text("0"))
        return once(sql.call("lower", sql.call("hex", sql.cast(sql.cast(kept, "BIT"), "BLOB"))), "digits", grouped)

    def grouped(digits: Sql) -> Sql:
        parts = sql.call("regexp_extract_all", digits, sql.text("...."))
        return sql.coalesce(sql.call("array_to_string", parts, sql.text(":")), EMPTY)

    return with_texts(call, arguments, emission, 1, body)


NOTE: Final = "an address whose prefix is shorter than that of the range stops the run"

NETWORK6: Final[tuple[ScalarRow, ...]] = (
    Scalar("ipv6_compare", _compared(order)),
    Scalar("ipv6_is_match", _compared(sql.equal)),
    Scalar("ipv6_is_in_range", _is_in_range, note=NOTE),
    Scalar("ipv6_is_in_any_range", _is_in_any_range, note=NOTE),
    Scalar("parse_ipv6", _parse),
    Scalar("parse_ipv6_mask", _parse),
    Gap("__ipv6_lookup_ranges", "the function is not documented"),
)
