"""Literals: strings, numbers, dates, types, and the JSON of `dynamic(…)`."""

# docstrings of productions are productions

# ruff: noqa: D210, D403  # the docstring of a production is the production

from __future__ import annotations

from typing import Final

from detectionary.languages.kusto.lexer import bad_escape, string_is_complete
from detectionary.languages.kusto.literals import literal_value, string_value
from detectionary.languages.kusto.parser_base import Cursor, Fault
from detectionary.languages.kusto.syntax import (
    DynamicLiteral,
    JsonArray,
    JsonObject,
    JsonValue,
    Literal,
    NameReference,
    ScalarType,
)
from detectionary.languages.kusto.tokens import (
    DECLARED_NAMES,
    INT,
    LITERALS,
    LONG,
    NAME,
    RAW_GUID,
    REAL,
    STRING,
    TIMESPAN,
)
from detectionary.text import Span

SIGNED: Final = frozenset({LONG, REAL, TIMESPAN})
"""Literals before which a sign may stand where only literals are allowed."""


class Literals(Cursor):
    """Productions of literals; the same tokens are literals in every part of the language."""

    def string_at(self, at: int) -> str:
        """The value of a string token, its faults reported."""
        word = self.texts[at]
        plain = len(word) > 1 and word[-1] == word[0] and word[0] in "\"'" and "\\" not in word
        if not plain and not string_is_complete(word):
            self._report_string(at)
        return string_value(word)

    def _report_string(self, at: int) -> None:
        word, start = self.texts[at], self.starts[at]
        escape = bad_escape(word)
        if escape is not None:
            seen = word[escape : escape + 2]
            self.report(
                "KQL003",
                f"`{seen}` is no escape",
                Span(start + escape, start + escape + len(seen)),
                f"write `\\{seen}` for a backslash, or put @ before the string",
            )
            return
        self.report(
            "KQL002",
            "the string is not closed",
            Span(start, self.ends[at]),
            "a string in ' or \" ends on its line; for more lines use ```…```",
        )

    def _literal_token(self) -> Literal:
        """literal = string { string } | number | datetime(…) | …"""
        at = self.at
        kind = self.kinds[at]
        word = self.texts[at]
        self.at = at + 1
        if kind == STRING:
            value = self.string_at(at)
            if self.kinds[at + 1] == STRING:
                return self._adjacent_strings(at, value)
            return Literal(ScalarType.STRING, value, word, word[0] in "hH", span=Span(self.starts[at], self.ends[at]))
        if kind == RAW_GUID:
            self.report("KQL005", "a guid cannot stand bare", self.token_span(at), f"write guid({word}), or a string")
        elif word[-1] != ")" and "(" in word:
            self.report(
                "KQL004", f"`{word.partition('(')[0]}(` is not closed", self.token_span(at), "it must end on its line"
            )
        kind_type, content = literal_value(kind, word)
        return Literal(kind_type, content, word, span=Span(self.starts[at], self.ends[at]))

    def string_literal(self) -> Literal:
        """string-literal = string { string }"""
        return self._literal_token()

    def _adjacent_strings(self, first: int, value: str) -> Literal:
        """Strings with nothing but blanks between them are one."""
        parts = [value]
        while self.kinds[self.at] == STRING:
            parts.append(self.string_at(self.at))
            self.at += 1
        span = self.span_from(first)
        hidden = self.texts[first][0] in "hH"
        return Literal(ScalarType.STRING, "".join(parts), span.of(self.text), hidden, span=span)

    def literal(self) -> Literal | DynamicLiteral | NameReference | None:
        """literal = literal-token | ( "+" | "-" ) number | dynamic | "typeof" … | braced-name; None if there is none"""
        kind = self.kinds[self.at]
        if kind in LITERALS:
            return self._literal_token()
        match kind:
            case "+" | "-":
                return self._signed_literal()
            case "dynamic" if self.peek(1) == "(":
                return self._dynamic()
            case "typeof" if self.peek(1) == "(":
                return self.type_literal()
            case "{":
                name = self.accept_name()
                return None if name is None else NameReference(name.text, span=name.span)
        return None

    def _signed_literal(self) -> Literal | None:
        at = self.at
        number = self.texts[at + 1]
        if self.kinds[at + 1] not in SIGNED or not self.touches_next(at) or not number[0].isdigit():
            return None
        self.at = at + 2
        word = self.texts[at] + number  # read as one: the digits of the smallest long alone are no long
        kind_type, value = literal_value(self.kinds[at + 1], word)
        return Literal(kind_type, value, word, span=self.span_from(at))

    def type_literal(self) -> Literal:
        """type-literal = "typeof" "(" ( type | ( "*" | column ) { "," ( "*" | column ) } ) ")" """
        at = self.expect("typeof")
        opener = self.expect("(")
        kind = self.kinds[self.at]
        if self.is_column_type(kind) or (kind == NAME and self.peek(1) == ")"):
            if kind == NAME:
                self.at += 1
                value = self.texts[self.at - 1]
            else:
                value = self.column_type(rare=True).value
        else:
            while self.kinds[self.at] != ")":
                if not self.accept("*"):
                    self.expect_name("a column", DECLARED_NAMES)
                    self.expect(":")
                    self.column_type()
                if not self.accept(","):
                    break
                if self.kinds[self.at] == ")":
                    self.fail_expected("a column")
            value = f"({', '.join(self._columns_text(opener))})"
        self.expect(")")
        return Literal(ScalarType.TYPE, value, self.span_from(at).of(self.text), span=self.span_from(at))

    def _columns_text(self, opener: int) -> list[str]:
        return "".join(self.texts[opener + 1 : self.at]).split(",")

    # Dynamic

    def _dynamic(self) -> DynamicLiteral:
        """dynamic = "dynamic" "(" json ")" """
        at = self.at
        opener = at + 1
        self.at = at + 2
        depth = self.depth
        value: JsonValue
        try:
            value = self._json()
            self.expect(")")
        except Fault:
            self.skip_group(opener, depth)
            value = self.bad_between(opener)
        return DynamicLiteral(value, span=self.span_from(at))

    def _json(self) -> JsonValue:
        """json = array | object | string { string } | [ "-" ] number | "null" | literal | dynamic"""
        at = self.at
        kind = self.kinds[at]
        match kind:
            case "[":
                return self._json_array()
            case "{":
                name = self.accept_name()
                if name is not None:
                    return Literal(ScalarType.UNKNOWN, name.text, name.text, span=name.span)
                return self._json_object()
            case "-" if self.kinds[at + 1] in (LONG, REAL):
                self.at = at + 1
                number = self._literal_token()
                value = -number.value if isinstance(number.value, (int, float)) else None
                return Literal(number.type, value, "-" + number.text, span=self.span_from(at))
            case "null":
                self.at = at + 1
                return Literal(ScalarType.DYNAMIC, None, "null", span=self.token_span(at))
            case "dynamic" if self.kinds[at + 1] == "(":
                self.enter()
                inner = self._dynamic()
                self.depth -= 1
                return inner
            case _ if kind in LITERALS and kind != INT:
                return self._literal_token()
        return self.fail_expected("a JSON value", "KQL012")

    def _json_array(self) -> JsonArray:
        """array = "[" [ json { "," json } ] "]" """
        opener = self.at
        self.enter()
        self.at = opener + 1
        items: list[JsonValue] = []
        if self.kinds[self.at] != "]":
            items.append(self._json())
            while self.accept(","):
                items.append(self._json())
            if self.kinds[self.at] != "]":
                self.fail_expected("`,` or `]`")
        self.at += 1
        self.depth -= 1
        return JsonArray(tuple(items), span=self.span_from(opener))

    def _json_object(self) -> JsonObject:
        """object = "{" [ string ":" json { "," string ":" json } ] "}" """
        opener = self.at
        self.enter()
        self.at = opener + 1
        members: list[tuple[str, JsonValue]] = []
        if self.kinds[self.at] != "}":
            members.append(self._json_member())
            while self.accept(","):
                members.append(self._json_member())
            if self.kinds[self.at] != "}":
                self.fail_expected("`,` or `}`")
        self.at += 1
        self.depth -= 1
        return JsonObject(tuple(members), span=self.span_from(opener))

    def _json_member(self) -> tuple[str, JsonValue]:
        if self.kinds[self.at] != STRING:
            self.fail_expected("a string as key", "KQL012", "keys stand in quotes")
        key = self.string_at(self.at)
        self.at += 1
        self.expect(":")
        return key, self._json()
