"""Functions that encode and decode texts, and digests, in DuckDB SQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from detectionary.compiler import sql
from detectionary.compiler.dialect import EmitFunction, Gap, Scalar, ScalarRow
from detectionary.compiler.emit import Emission
from detectionary.compiler.plan import Apply
from detectionary.compiler.refused import UnsupportedError
from detectionary.compiler.sql import Sql
from detectionary.engines.duckdb.json_texts import is_array, length
from detectionary.engines.duckdb.once import once
from detectionary.engines.duckdb.texts import EMPTY, joined, json_list, stop, text_of
from detectionary.languages.kusto.syntax import ScalarType

GUID_ORDER: Final = (4, 3, 2, 1, 6, 5, 8, 7, 9, 10, 11, 12, 13, 14, 15, 16)
"""The bytes of a guid in memory, by their places in its text: the first three parts are little-endian."""


def _text(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    return text_of(call.arguments[0], arguments[0], emission)


def _tried(text: Sql, body: Callable[[Sql], Sql]) -> Sql:
    """`body` of a text, null where it fails. The text is computed outside of it: `error` may not stand in a TRY."""
    return once(text, "tried", lambda value: sql.call("try", body(value)))


# Base64


def _base64_encode(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    return sql.call("to_base64", sql.call("encode", _text(call, arguments, emission)))


def _decoded(text: Sql) -> Sql:
    """The bytes; an error for what is no base64."""
    return sql.call("from_base64", text)


def _digits(text: Sql) -> Sql:
    """The bytes that base64 stands for, in hexadecimal; null for what is no base64."""
    return _tried(text, lambda value: sql.call("hex", _decoded(value)))


def _base64_decode(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """'' for what is no base64, or no UTF-8 when decoded (learn.microsoft.com, "base64_decode_tostring()")."""
    text = _text(call, arguments, emission)
    return sql.coalesce(_tried(text, lambda value: sql.call("decode", _decoded(value))), EMPTY)


def _bytes(digits: Sql) -> Sql:
    """A list of the bytes that are written as pairs of hexadecimal digits."""
    pairs = sql.call("regexp_extract_all", digits, sql.text(".."))
    number = sql.cast(sql.call("concat", sql.text("0x"), sql.variable("b")), "INTEGER")
    return sql.call("list_transform", pairs, sql.function(["b"], number))


def _base64_decode_array(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    digits = _digits(_text(call, arguments, emission))
    return once(digits, "digits", lambda found: sql.case([(sql.not_null(found), json_list(_bytes(found)))]))


def _base64_encode_array(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """'' for what is no array of numbers from 0 to 255."""
    numbers = sql.try_cast(sql.try_cast(arguments[0], "JSON"), "UTINYINT[]")
    digits = sql.call("lpad", sql.call("to_hex", sql.variable("b")), sql.number(2), sql.text("0"))
    pairs = sql.call("list_transform", numbers, sql.function(["b"], digits))
    encoded = sql.call("to_base64", sql.call("unhex", sql.call("array_to_string", pairs, EMPTY)))
    return sql.coalesce(sql.case([(is_array(arguments[0]), encoded)]), EMPTY)


def _at(digits: Sql, places: tuple[int, ...]) -> list[Sql]:
    return [sql.call("substring", digits, sql.number(place * 2 - 1), sql.number(2)) for place in places]


def _base64_encode_guid(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    if call.arguments[0].type is not ScalarType.GUID:
        raise UnsupportedError("only a guid can be encoded", "convert it with toguid()")
    digits = sql.call("replace", arguments[0], sql.text("-"), EMPTY)

    def body(found: Sql) -> Sql:
        encoded = sql.call("to_base64", sql.call("unhex", joined(*_at(found, GUID_ORDER))))
        return sql.case([(sql.not_null(found), encoded)], EMPTY)

    return once(digits, "digits", body)


def _base64_decode_guid(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """Null for what does not hold 16 bytes."""
    digits = sql.call("lower", _digits(_text(call, arguments, emission)))

    def body(found: Sql) -> Sql:
        hyphen = sql.text("-")
        parts = _at(found, GUID_ORDER)
        text = joined(*parts[:4], hyphen, *parts[4:6], hyphen, *parts[6:8], hyphen, *parts[8:10], hyphen, *parts[10:])
        return sql.case([(sql.equal(length(found), sql.number(32)), text)])

    return once(digits, "digits", body)


# URLs


def _url_encode(kept: str) -> EmitFunction:
    """Every byte of the other characters as `%` and two lower-case digits.

    `kept` is a set of characters of RE2. The documentation does not say what happens to ! * ' ( ) ~: they stop the run.
    """

    def emit(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
        def body(text: Sql) -> Sql:
            letter = sql.variable("c")
            plain = sql.call("regexp_full_match", letter, sql.text(f"[{kept}]"))
            coded = sql.call("lower", sql.call("url_encode", letter))
            each = sql.function(["c"], sql.case([(plain, letter)], coded))
            made = sql.call("array_to_string", sql.call("list_transform", _letters(text), each), EMPTY)
            unknown = sql.call("regexp_matches", text, sql.text("[!*'()~]"))
            return stop(unknown, f"{call.function} of one of ! * ' ( ) ~ is not documented", made)

        return once(_text(call, arguments, emission), "text", body)

    return emit


def _letters(text: Sql) -> Sql:
    return sql.call("string_split", text, EMPTY)


def _url_decode(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """`%` and two digits stand for a byte; anything else, `+` too, for itself. Bytes that are no UTF-8 stop the run."""
    return sql.call("url_decode", _text(call, arguments, emission))


# Digests


def _digest(function: str) -> EmitFunction:
    def emit(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
        if call.arguments[0].type is not ScalarType.STRING:
            raise UnsupportedError("only the digest of a text is supported", "convert the value with tostring()")
        return sql.call(function, arguments[0])

    return emit


XXHASH: Final = "it is xxHash64, which this engine does not have"
UNDOCUMENTED: Final = "the function is not documented"
COMPRESSED: Final = "this engine does not compress or decompress values"

CODES: Final[tuple[ScalarRow, ...]] = (
    Scalar("base64_encode_tostring", _base64_encode),
    Scalar("base64_decode_tostring", _base64_decode),
    Scalar("base64_decode_toarray", _base64_decode_array),
    Scalar("base64_encode_fromarray", _base64_encode_array),
    Scalar("base64_encode_fromguid", _base64_encode_guid),
    Scalar("base64_decode_toguid", _base64_decode_guid),
    Scalar("url_encode", _url_encode(r"A-Za-z0-9_.\-:/?#\[\]@$&+,;="), note="! * ' ( ) ~ stop the run"),
    Gap("url_encode_component", "the example of its documentation loses the last slash of the URL"),
    Scalar("url_decode", _url_decode, note="+ stays itself; bytes that are no UTF-8 stop the run"),
    Scalar("hash_md5", _digest("md5"), note="of texts only"),
    Scalar("hash_sha1", _digest("sha1"), note="of texts only"),
    Scalar("hash_sha256", _digest("sha256"), note="of texts only"),
    *(
        Gap(name, XXHASH)
        for name in (
            "hash",
            "hash_xxhash64",
            "hash_combine",
            "hash_many",
            "__hash_xxh64",
            "__hash_crc32",
            "__hash_djb2",
        )
    ),
    Gap("__hash_many_crc32", "the function is not documented"),
    *(
        Gap(name, COMPRESSED)
        for name in (
            "gzip_compress_to_base64_string",
            "gzip_decompress_from_base64_string",
            "zlib_compress_to_base64_string",
            "zlib_decompress_from_base64_string",
            "__lz4_compress_dynamic_array_to_base64_string",
        )
    ),
)
