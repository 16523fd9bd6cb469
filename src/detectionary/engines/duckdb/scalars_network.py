"""Functions of IPv4 addresses in DuckDB SQL.

An address is four numbers from 0 to 255 without leading zeros, with or without `/` and a prefix of 0 to 32; any other
text is none, for which results are null (learn.microsoft.com, "IPv4-prefix notation").
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Final

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.dialect import EmitFunction, Gap, Scalar, ScalarRow
from detectionary.compiler.emit import Emission
from detectionary.compiler.plan import Apply, Constant, Expr
from detectionary.compiler.refused import UnsupportedError
from detectionary.compiler.sql import Sql
from detectionary.engines.duckdb.once import once
from detectionary.engines.duckdb.scalars_text_search import AFTER, BEFORE, escaped, strings
from detectionary.engines.duckdb.texts import EMPTY, constant_number, constant_text, joined, list_of, stop, text_of
from detectionary.languages.kusto.syntax import ScalarType

OCTET: Final = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
ADDRESS: Final = rf"{OCTET}(?:\.{OCTET}){{3}}"
MASKED: Final = rf"{ADDRESS}(?:/(?:3[0-2]|[12]?[0-9]))?"
PREFIX: Final = rf"(?:{OCTET}\.){{1,3}}|{ADDRESS}"

NULL_LONG: Final = sql.cast(sql.NULL, "BIGINT")
NULL_BOOL: Final = sql.cast(sql.NULL, "BOOLEAN")
SUFFIX_MESSAGE: Final = "an address with a prefix shorter than that of the range is not supported"


def less(left: Sql, right: Sql) -> Sql:
    return sql.binary(exp.LT, left, right)


def shifted(value: Sql, count: Sql) -> Sql:
    return sql.binary(exp.BitwiseRightShift, value, count)


def whole(value: int) -> Sql:
    return sql.cast(sql.number(value), "BIGINT")


def parsed(text: str) -> tuple[int, int] | None:
    """An address and its prefix length, None for another text."""
    if re.fullmatch(MASKED, text) is None:
        return None
    address, _, suffix = text.partition("/")
    number = 0
    for octet in address.split("."):
        number = number * 256 + int(octet)
    return number, int(suffix or 32)


def number(text: Sql) -> Sql:
    """The address as a whole number, its prefix ignored; null for what is none."""
    if isinstance(text, exp.Literal):
        known = parsed(str(text.this))
        return NULL_LONG if known is None else whole(known[0])
    parts = sql.call("string_split", sql.call("split_part", text, sql.text("/"), sql.number(1)), sql.text("."))
    octets = sql.call("list_transform", parts, sql.function(["o"], sql.try_cast(sql.variable("o"), "BIGINT")))
    more = sql.binary(exp.Mul, sql.variable("x"), sql.number(256))
    whole_ = sql.call("list_reduce", octets, sql.function(["x", "y"], sql.binary(exp.Add, more, sql.variable("y"))))
    return sql.case([(sql.call("regexp_full_match", text, sql.text(MASKED)), whole_)])


def suffix(text: Sql) -> Sql:
    """The length of the prefix, 32 when there is none; the text must be an address."""
    if isinstance(text, exp.Literal):
        known = parsed(str(text.this))
        return whole(32 if known is None else known[1])
    written = sql.try_cast(sql.call("split_part", text, sql.text("/"), sql.number(2)), "BIGINT")
    return sql.coalesce(written, whole(32))


def with_texts(
    call: Apply, arguments: tuple[Sql, ...], emission: Emission, count: int, body: Callable[..., Sql]
) -> Sql:
    """`body` of the first arguments as texts, each written once."""

    def entered(at: int, found: tuple[Sql, ...]) -> Sql:
        if at == count:
            return body(*found)
        text = text_of(call.arguments[at], arguments[at], emission)
        return once(text, f"ip{at}", lambda value: entered(at + 1, (*found, value)))

    return entered(0, ())


def given_prefix(call: Apply, arguments: tuple[Sql, ...], at: int, most: int) -> tuple[Sql, ...]:
    """The prefix that a call gives beside the addresses: none, or one within bounds."""
    if len(arguments) <= at:
        return ()
    known = constant_number(call.arguments[at])
    if known is not None:
        if not 0 <= known <= most:
            raise UnsupportedError(f"a prefix that is not between 0 and {most} is not supported")
        return (arguments[at],)
    outside = sql.either(less(arguments[at], sql.number(0)), less(sql.number(most), arguments[at]))
    message = f"a prefix that is not between 0 and {most} is not supported"
    return (stop(outside, message, sql.cast(arguments[at], "BIGINT")),)


def _unmasked(length: Sql) -> Sql:
    return sql.binary(exp.Sub, whole(32), length)


def _parse(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """`parse_ipv4(ip)` and `parse_ipv4_mask(ip, prefix)`: the bits behind the prefix are 0."""
    extra = given_prefix(call, arguments, 1, 32)

    def body(text: Sql) -> Sql:
        return _masked(number(text), sql.call("least", suffix(text), *extra) if extra else suffix(text))

    return with_texts(call, arguments, emission, 1, body)


def _masked(address: Sql, length: Sql) -> Sql:
    def body(count: Sql) -> Sql:
        return sql.binary(exp.BitwiseLeftShift, exp.Paren(this=shifted(address, count)), count)

    return once(_unmasked(length), "mask", body)


def _suffix(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    def body(text: Sql) -> Sql:
        return sql.case([(sql.call("regexp_full_match", text, sql.text(MASKED)), suffix(text))])

    return with_texts(call, arguments, emission, 1, body)


def _compared(result: Callable[[Sql, Sql], Sql]) -> EmitFunction:
    """Two addresses by the shortest of their prefixes and the one given; null when one is no address."""

    def emit(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
        extra = given_prefix(call, arguments, 2, 32)

        def body(one: Sql, other: Sql) -> Sql:
            length = sql.call("least", suffix(one), suffix(other), *extra)
            return once(
                _unmasked(length),
                "mask",
                lambda count: once(
                    shifted(number(one), count),
                    "left",
                    lambda left: once(shifted(number(other), count), "right", lambda right: result(left, right)),
                ),
            )

        return with_texts(call, arguments, emission, 2, body)

    return emit


def order(left: Sql, right: Sql) -> Sql:
    branches = [(less(left, right), whole(-1)), (sql.equal(left, right), whole(0)), (less(right, left), whole(1))]
    return sql.case(branches)


def _in_range(address: Sql, length: Sql, range_: Sql) -> Sql:
    """Whether an address (its number, its prefix) lies in a range; null when either is none."""
    inside = once(
        _unmasked(suffix(range_)),
        "mask",
        lambda count: sql.equal(shifted(address, count), shifted(number(range_), count)),
    )
    return stop(less(length, suffix(range_)), SUFFIX_MESSAGE, inside)


def _is_in_range(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    def body(text: Sql, range_: Sql) -> Sql:
        return once(number(text), "n", lambda address: _in_range(address, suffix(text), range_))

    return with_texts(call, arguments, emission, 2, body)


def _is_in_any_range(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """In one of the ranges of an array or of the arguments; null when the address is none."""
    constants = constant_texts(call.arguments[1:])

    def body(text: Sql) -> Sql:
        return once(number(text), "n", lambda address: among(text, address))

    def among(text: Sql, address: Sql) -> Sql:
        if constants is None:
            item = sql.variable("item")
            test = sql.coalesce(
                _in_range(address, suffix(text), item),
                stop(sql.is_null(number(item)), "a range that is no IPv4 range is not supported", NULL_BOOL),
            )
            listed = ranges(call, arguments, emission)
            tested = sql.call("list_bool_or", sql.call("list_transform", listed, sql.function(["item"], test)))
            result = sql.coalesce(tested, sql.FALSE)
        else:
            result = _between(text, address, constants)
        return sql.case([(sql.not_null(address), result)])

    return with_texts(call, arguments, emission, 1, body)


def _between(text: Sql, address: Sql, ranges: Sequence[str]) -> Sql:
    tests: list[Sql] = []
    longest = 0
    for range_ in dict.fromkeys(ranges):
        known = parsed(range_)
        if known is None:
            raise UnsupportedError("a range that is no IPv4 range is not supported")
        low = known[0] >> (32 - known[1]) << (32 - known[1])
        high = low + (1 << (32 - known[1])) - 1
        longest = max(longest, known[1])
        tests.append(exp.Between(this=address, low=whole(low), high=whole(high)))
    return stop(less(suffix(text), whole(longest)), SUFFIX_MESSAGE, sql.either(*tests))


def constant_texts(arguments: Sequence[Expr]) -> list[str] | None:
    """The texts of constant arguments, one of which may be an array; None when some are known only in the run."""
    result: list[str] = []
    for argument in arguments:
        text = constant_text(argument)
        if text is not None:
            result.append(text)
        elif isinstance(argument, Constant) and argument.type is ScalarType.DYNAMIC and argument.value is not None:
            items = json.loads(str(argument.value))
            if not (isinstance(items, list) and all(isinstance(item, str) for item in items)):
                raise UnsupportedError("the array must hold texts")
            result.extend(items)
        else:
            return None
    return result


def ranges(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """The texts of the arguments behind the first as a list."""
    if call.arguments[1].type is ScalarType.DYNAMIC:
        return strings(arguments[1])
    return list_of([text_of(part, arguments[at], emission) for at, part in enumerate(call.arguments) if at])


def _is_private(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """In one of the private networks of RFC 1918; null for what is no address."""

    def body(text: Sql) -> Sql:
        return once(number(text), "n", lambda address: within(text, address))

    def within(text: Sql, address: Sql) -> Sql:
        def top(bits: int, value: int) -> Sql:
            return sql.equal(shifted(address, sql.number(bits)), sql.number(value))

        private = sql.either(top(24, 10), top(20, 0xAC1), top(16, 0xC0A8))
        length = suffix(text)
        wide = sql.either(
            less(length, sql.number(8)),
            sql.both(top(24, 172), less(length, sql.number(12))),
            sql.both(top(24, 192), less(length, sql.number(16))),
        )
        return stop(sql.both(sql.not_null(address), wide), SUFFIX_MESSAGE, private)

    return with_texts(call, arguments, emission, 1, body)


# Writing


def _format(masked: bool) -> EmitFunction:
    """`format_ipv4(ip, prefix)` of a text or number; `format_ipv4_mask` adds the prefix; '' for what is none."""

    def emit(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
        given = [arguments[1]] if len(arguments) > 1 else []
        numeric = call.arguments[0].type in (ScalarType.INT, ScalarType.LONG)
        if not numeric and call.arguments[0].type not in (ScalarType.STRING, ScalarType.DYNAMIC):
            raise UnsupportedError("only a text or a whole number can be an address")
        if call.arguments[0].type is ScalarType.DYNAMIC:
            raise UnsupportedError("a dynamic value is not supported", "convert it with tostring() or tolong()")

        def body(value: Sql) -> Sql:
            address = value if numeric else number(value)
            length = (
                sql.call("least", whole(32) if numeric else suffix(value), *given)
                if given
                else (whole(32) if numeric else suffix(value))
            )
            return once(length, "length", lambda size: written(address, size))

        def written(address: Sql, size: Sql) -> Sql:
            valid = sql.both(
                exp.Between(this=address, low=sql.number(0), high=whole(0xFFFFFFFF)),
                exp.Between(this=size, low=sql.number(0), high=sql.number(32)),
                *(sql.not_null(part) for part in given),
            )
            text = once(_masked(address, size), "n", dotted)
            return sql.case(
                [(valid, joined(text, sql.text("/"), sql.cast(size, "VARCHAR")) if masked else text)], EMPTY
            )

        return once(arguments[0], "ip0", body)

    return emit


def dotted(address: Sql) -> Sql:
    octets = [
        sql.cast(
            sql.binary(exp.BitwiseAnd, exp.Paren(this=shifted(address, sql.number(bits))), sql.number(255)), "VARCHAR"
        )
        for bits in (24, 16, 8, 0)
    ]
    parts = [part for octet in octets for part in (sql.text("."), octet)][1:]
    return joined(*parts)


# Addresses in texts


def _complete(text: str) -> str:
    """The expression for what is missing behind a prefix, so that an address stands there."""
    octets = text.count(".")
    return "" if not text.endswith(".") else rf"(?:{OCTET}\.){{{3 - octets}}}{OCTET}"


def _has_address(prefix: bool, several: bool) -> EmitFunction:
    """Addresses in a text, with no letter or digit beside them; what is no address (or prefix of one) is in no text."""
    form = PREFIX if prefix else ADDRESS

    def emit(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
        source = text_of(call.arguments[0], arguments[0], emission)
        constants = constant_texts(call.arguments[1:])
        if constants is not None:
            valid = [text for text in dict.fromkeys(constants) if re.fullmatch(form, text)]
            if not valid:
                return sql.FALSE
            parts = "|".join(escaped(text) + _complete(text) for text in valid)
            return sql.call("regexp_matches", source, sql.text(f"{BEFORE}(?:{parts}){AFTER}"))
        if not several:
            wanted = text_of(call.arguments[1], arguments[1], emission)
            return once(wanted, "wanted", lambda text: searched(source, text))
        test = sql.function(["item"], searched(source, sql.variable("item")))
        tested = sql.call("list_transform", ranges(call, arguments, emission), test)
        return sql.coalesce(sql.call("list_bool_or", tested), sql.FALSE)

    def searched(source: Sql, wanted: Sql) -> Sql:
        pattern = joined(
            sql.text(BEFORE),
            sql.call("regexp_escape", wanted),
            *((missing(wanted),) if prefix else ()),
            sql.text(AFTER),
        )
        valid = sql.call("regexp_full_match", wanted, sql.text(form))
        return sql.case([(valid, sql.call("regexp_matches", source, pattern))], sql.FALSE)

    def missing(wanted: Sql) -> Sql:
        return sql.case(
            [
                (
                    sql.call("regexp_full_match", wanted, sql.text(rf"(?:[0-9]+\.){{{count}}}")),
                    sql.text(_complete("." * count)),
                )
                for count in (1, 2, 3)
            ],
            EMPTY,
        )

    return emit


NOTE: Final = "an address whose prefix is shorter than that of the range stops the run"

NETWORK: Final[tuple[ScalarRow, ...]] = (
    Scalar("parse_ipv4", _parse),
    Scalar("parse_ipv4_mask", _parse),
    Scalar("ipv4_netmask_suffix", _suffix),
    Scalar("ipv4_compare", _compared(order)),
    Scalar("ipv4_is_match", _compared(sql.equal)),
    Scalar("ipv4_is_in_range", _is_in_range, note=NOTE),
    Scalar("ipv4_is_in_any_range", _is_in_any_range, note=NOTE),
    Scalar("ipv4_is_private", _is_private, note=NOTE),
    Scalar("format_ipv4", _format(False)),
    Scalar("format_ipv4_mask", _format(True)),
    Scalar("has_ipv4", _has_address(False, False)),
    Scalar("has_ipv4_prefix", _has_address(True, False)),
    Scalar("has_any_ipv4", _has_address(False, True)),
    Scalar("has_any_ipv4_prefix", _has_address(True, True)),
    Gap("ipv4_range_to_cidr_list", "splitting a range into networks is not expressed in SQL yet"),
    Gap("geo_info_from_ip_address", "it needs a database of places"),
)
