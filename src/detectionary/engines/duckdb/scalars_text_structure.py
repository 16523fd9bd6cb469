"""Functions that take URLs, paths and records apart, in DuckDB SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.dialect import Gap, Scalar, ScalarRow
from detectionary.compiler.emit import Emission
from detectionary.compiler.plan import Apply
from detectionary.compiler.sql import Sql
from detectionary.engines.duckdb.json_texts import bag, concatenated, quoted
from detectionary.engines.duckdb.once import once
from detectionary.engines.duckdb.texts import EMPTY, json_list, stop, text_of


def _parts(text: Sql, pattern: str, names: Sequence[str], body: Sql) -> Sql:
    """`body`, which reads the groups of `pattern` in `text` by `_part`."""
    listed = exp.Array(expressions=[sql.text(name) for name in names])
    found = sql.call("regexp_extract", text, sql.text(pattern), listed)
    return once(found, "parts", lambda _: body)


def _part(name: str) -> Sql:
    return sql.coalesce(sql.call("struct_extract", sql.variable("parts"), sql.text(name)), EMPTY)


def _bag(members: Sequence[tuple[str, Sql]]) -> Sql:
    pairs: list[Sql] = []
    for name, value in members:
        pairs += [sql.text(name), value]
    return sql.cast(sql.call("json_object", *pairs), "VARCHAR")


# URLs


URL: Final = (
    r"(?s)\A(?:([A-Za-z][A-Za-z0-9+.\-]*)://"
    r"(?:([^/?#@:]*)(?::([^/?#@]*))?@)?(\[[^\]/?#]*\]|[^:/?#]*)(?::([0-9]*))?)?"
    r"([^?#]*)(?:\?([^#]*))?(?:#(.*))?\z"
)
URL_PARTS: Final = ("scheme", "user", "password", "host", "port", "path", "query", "fragment")


def _parse_url(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """The parts of a URL, each a text, '' when it is missing; the path with its first slash.

    learn.microsoft.com, "parse_url()"; its example leaves the slash out, queries in use rely on it.
    """
    text = text_of(call.arguments[0], arguments[0], emission)
    members = (
        ("Scheme", _part("scheme")),
        ("Host", _part("host")),
        ("Port", _part("port")),
        ("Path", _part("path")),
        ("Username", _part("user")),
        ("Password", _part("password")),
        ("Query Parameters", sql.cast(_query(_part("query")), "JSON")),
        ("Fragment", _part("fragment")),
    )
    return _parts(text, URL, URL_PARTS, _bag(members))


def _query(query: Sql) -> Sql:
    """The parameters `name=value&…` as a bag of texts, as they are written; of equal names the last counts."""
    fields = sql.call(
        "list_filter",
        sql.call("string_split", query, sql.text("&")),
        sql.function(["f"], sql.binary(exp.NEQ, sql.variable("f"), EMPTY)),
    )
    field = sql.variable("f")
    name = sql.call("split_part", field, sql.text("="), sql.number(1))
    value = sql.call("substring", field, sql.binary(exp.Add, sql.call("length", name), sql.number(2)))
    member = concatenated(quoted(name), sql.text(":"), quoted(value))
    later = sql.call("split_part", sql.variable("o"), sql.text("="), sql.number(1))
    names = sql.call("list_transform", sql.variable("all"), sql.function(["o"], later))
    behind = sql.call(
        "list_slice", names, sql.binary(exp.Add, sql.variable("i"), sql.number(1)), sql.call("len", names)
    )
    last = sql.negate(sql.call("list_contains", behind, name))

    def body(all_: Sql) -> Sql:
        kept = sql.call("list_filter", all_, sql.function(["f", "i"], last))
        return bag(sql.call("list_transform", kept, sql.function(["f"], member)))

    return once(fields, "all", body)


def _parse_urlquery(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    text = text_of(call.arguments[0], arguments[0], emission)
    return concatenated(sql.text('{"Query Parameters":'), _query(text), sql.text("}"))


# Paths


PATH: Final = (
    r"(?s)\A(?:([A-Za-z][A-Za-z0-9+.\-]*)://)?"
    r"((?:([A-Za-z]:))?(?:[^:]*[\\/])?)"
    r"([^\\/:]*)(?::([^\\/]*))?\z"
)
PATH_PARTS: Final = ("scheme", "folder", "root", "file", "stream")


def _parse_path(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """The parts of a path, each a text (learn.microsoft.com, "parse_path()"); a Windows long path stops the run."""

    def body(text: Sql) -> Sql:
        folder = sql.call("regexp_replace", _part("folder"), sql.text(r"[\\/]+\z"), EMPTY)
        inner = sql.call("regexp_replace", folder, sql.text(r"\A[A-Za-z]:"), EMPTY)
        members = (
            ("Scheme", _part("scheme")),
            ("RootPath", _part("root")),
            ("DirectoryPath", folder),
            ("DirectoryName", sql.call("regexp_extract", inner, sql.text(r"[^\\/]*\z"))),
            ("Filename", _part("file")),
            ("Extension", sql.call("regexp_extract", _part("file"), sql.text(r"\.([^.]*)\z"), sql.number(1))),
            ("AlternateDataStreamName", _part("stream")),
        )
        odd = sql.negate(sql.call("regexp_matches", text, sql.text(PATH)))
        odd = sql.either(odd, sql.call("starts_with", text, sql.text("\\\\?\\")))
        message = "parse_path of a long path or of one with more colons is not supported"
        return stop(odd, message, _parts(text, PATH, PATH_PARTS, _bag(members)))

    return once(text_of(call.arguments[0], arguments[0], emission), "path", body)


# Records


def _parse_csv(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """The fields of the first record as an array of texts; `""` in a quoted field is a quotation mark."""

    def body(text: Sql) -> Sql:
        # A quotation mark that is not closed ends the record too early; the check of its form then meets it.
        record = sql.call("regexp_extract", text, sql.text(r'\A(?:"(?:[^"]|"")*"|[^"\r\n])*"?'))
        fields = sql.call(
            "regexp_extract_all",
            sql.call("concat", record, sql.text(",")),
            sql.text(r'((?:"(?:[^"]|"")*")|[^",]*),'),
            sql.number(1),
        )
        field = sql.variable("f")
        inside = sql.call(
            "substring", field, sql.number(2), sql.binary(exp.Sub, sql.call("length", field), sql.number(2))
        )
        plain = sql.call("replace", inside, sql.text('""'), sql.text('"'))
        each = sql.case([(sql.call("starts_with", field, sql.text('"')), plain)], field)
        made = json_list(sql.call("list_transform", fields, sql.function(["f"], each)))
        whole = sql.call(
            "regexp_full_match", record, sql.text(r'(?:"(?:[^"]|"")*"|[^",]*)(?:,(?:"(?:[^"]|"")*"|[^",]*))*')
        )
        return stop(sql.negate(whole), "parse_csv of a record that is not well formed is not supported", made)

    return once(text_of(call.arguments[0], arguments[0], emission), "text", body)


STRUCTURES: Final[tuple[ScalarRow, ...]] = (
    Scalar("parse_url", _parse_url, note="Path keeps its first slash; of equal parameters the last counts"),
    Scalar("parse_urlquery", _parse_urlquery, note="of equal parameters the last counts"),
    Scalar("parse_path", _parse_path, note="long paths and paths with further colons stop the run"),
    Scalar("parse_csv", _parse_csv, note="a record that is not well formed stops the run"),
    Gap("parse_command_line", "the rules of quotation of Windows are not expressed in SQL"),
    Gap("parse_user_agent", "it needs the list of browsers and devices that the service keeps"),
    Gap("parse_version", "its numbers have more digits than decimals of this engine"),
    Gap("format_bytes", "how it rounds is not documented"),
)
