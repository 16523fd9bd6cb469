"""Expressions: literals, names, calls, paths, and the operators between them by binding strength (Pratt)."""

# docstrings of productions are productions

# ruff: noqa: D210, D403  # the docstring of a production is the production

from __future__ import annotations

from typing import Final, TypeVar

from detectionary.languages.kusto.parser_base import Fault
from detectionary.languages.kusto.parser_literals import Literals
from detectionary.languages.kusto.syntax import (
    BadExpression,
    Between,
    Binary,
    BinaryOperator,
    Call,
    DataScope,
    Element,
    Expression,
    InList,
    JsonArray,
    JsonObject,
    ListOperator,
    Name,
    Named,
    NameReference,
    Parenthesized,
    Path,
    Star,
    ToScalar,
    ToTable,
    Unary,
    WildcardName,
)
from detectionary.languages.kusto.tokens import (
    COLUMN_KEYWORDS,
    DECLARED_NAMES,
    END,
    KEYWORDS,
    LITERALS,
    NAME,
    NAMES,
    OPERATOR_KEYWORDS,
    WORDS,
    words,
)
from detectionary.text import Span

_JsonNode = TypeVar("_JsonNode", JsonArray, JsonObject)

# How strongly operators bind. On an even level a second operator of the same level may follow (`a + b + c`), on an odd
# one it may not (`a == b == c` is an error). Text operators bind more strongly than arithmetic: `a * b has c` is
# `a * (b has c)`.
OR, AND, EQUALITY, RELATION, SUM, PRODUCT, TEXT = 2, 4, 5, 7, 8, 10, 11

_LEVELS: Final = {
    OR: {"or": BinaryOperator.OR},
    AND: {"and": BinaryOperator.AND},
    EQUALITY: {"==": BinaryOperator.EQUAL, "!=": BinaryOperator.NOT_EQUAL, "<>": BinaryOperator.NOT_EQUAL},
    RELATION: {
        "<": BinaryOperator.LESS,
        "<=": BinaryOperator.LESS_EQUAL,
        ">": BinaryOperator.GREATER,
        ">=": BinaryOperator.GREATER_EQUAL,
    },
    SUM: {"+": BinaryOperator.ADD, "-": BinaryOperator.SUBTRACT},
    PRODUCT: {"*": BinaryOperator.MULTIPLY, "/": BinaryOperator.DIVIDE, "%": BinaryOperator.MODULO},
    TEXT: {
        ":": BinaryOperator.SEARCH,
        "=~": BinaryOperator.EQUAL_FOLD,
        "!~": BinaryOperator.NOT_EQUAL_FOLD,
        "has": BinaryOperator.HAS,
        "!has": BinaryOperator.NOT_HAS,
        "has_cs": BinaryOperator.HAS_CS,
        "!has_cs": BinaryOperator.NOT_HAS_CS,
        "hasprefix": BinaryOperator.HASPREFIX,
        "!hasprefix": BinaryOperator.NOT_HASPREFIX,
        "hasprefix_cs": BinaryOperator.HASPREFIX_CS,
        "!hasprefix_cs": BinaryOperator.NOT_HASPREFIX_CS,
        "hassuffix": BinaryOperator.HASSUFFIX,
        "!hassuffix": BinaryOperator.NOT_HASSUFFIX,
        "hassuffix_cs": BinaryOperator.HASSUFFIX_CS,
        "!hassuffix_cs": BinaryOperator.NOT_HASSUFFIX_CS,
        "contains": BinaryOperator.CONTAINS,
        "!contains": BinaryOperator.NOT_CONTAINS,
        "notcontains": BinaryOperator.NOT_CONTAINS,
        "contains_cs": BinaryOperator.CONTAINS_CS,
        "containscs": BinaryOperator.CONTAINS_CS,
        "!contains_cs": BinaryOperator.NOT_CONTAINS_CS,
        "notcontainscs": BinaryOperator.NOT_CONTAINS_CS,
        "startswith": BinaryOperator.STARTSWITH,
        "!startswith": BinaryOperator.NOT_STARTSWITH,
        "startswith_cs": BinaryOperator.STARTSWITH_CS,
        "!startswith_cs": BinaryOperator.NOT_STARTSWITH_CS,
        "endswith": BinaryOperator.ENDSWITH,
        "!endswith": BinaryOperator.NOT_ENDSWITH,
        "endswith_cs": BinaryOperator.ENDSWITH_CS,
        "!endswith_cs": BinaryOperator.NOT_ENDSWITH_CS,
        "like": BinaryOperator.LIKE,
        "notlike": BinaryOperator.NOT_LIKE,
        "likecs": BinaryOperator.LIKE_CS,
        "notlikecs": BinaryOperator.NOT_LIKE_CS,
        "matches regex": BinaryOperator.MATCHES_REGEX,
    },
}
_LISTS: Final = {
    "in": ListOperator.IN,
    "!in": ListOperator.NOT_IN,
    "in~": ListOperator.IN_FOLD,
    "!in~": ListOperator.NOT_IN_FOLD,
    "has_any": ListOperator.HAS_ANY,
    "has_all": ListOperator.HAS_ALL,
}
_INFIX: Final[dict[str, tuple[int, BinaryOperator | None]]] = {
    **{word: (level, operator) for level, words in _LEVELS.items() for word, operator in words.items()},
    **dict.fromkeys((*_LISTS, "between", "!between"), (EQUALITY, None)),
}


class Expressions(Literals):
    """Productions of expressions; statements and tabular operators build on them."""

    def pipeline(self, before: str = "") -> Expression:
        """A pipeline or expression; defined with the tabular operators."""
        raise NotImplementedError

    # Operators between operands

    def expression(self, minimum: int = OR) -> Expression:
        """expression = operand { operator operand }, by the strength of the operators

        list = operand ( "in" | "!in" | "has_any" | … ) "(" … ")"; range = operand [ "!" ] "between" "(" e ".." e ")"
        """
        kinds = self.kinds
        first = kinds[self.at]
        left = self._star_or_signed(first, minimum) if first in _BEFORE_OPERAND else self.path()
        limit = TEXT
        while True:
            at = self.at
            kind = kinds[at]
            infix = _INFIX.get(kind)
            if infix is None:
                return left
            level, operator = infix
            if level < minimum or level > limit:
                return left
            if operator is not None:
                self.at = at + 1
                right = self.expression(level + 1)
                left = Binary(
                    operator,
                    left,
                    right,
                    Span(self.starts[at], self.ends[at]),
                    span=Span(left.span[0], right.span[1]),
                )
            elif kind == "in" and kinds[at + 1] == "range":
                return left  # make-series … in range(…)
            elif kind in _LISTS:
                left = self._in_list(left, _LISTS[kind])
            else:
                left = self._between(left)
            limit = level - (level & 1)

    def _star_or_signed(self, kind: str, minimum: int) -> Expression:
        """operand = signed-path | "*": all columns, which only a text operator or `==` may follow"""
        if kind == "*":
            return self._star() if self.star_begins_comparison(minimum) else self.path()
        return self.signed_path()

    def star_begins_comparison(self, minimum: int = OR) -> bool:
        """Is the `*` here the left side of a text operator or of `==`?"""
        following = self.kinds[self.at + 1]
        level, _ = _INFIX.get(following, (0, None))
        return level == TEXT or (following == "==" and minimum <= EQUALITY)

    def signed_path(self) -> Expression:
        """signed-path = [ "+" | "-" ] path"""
        at = self.at
        kind = self.kinds[at]
        if kind != "-" and kind != "+":
            return self.path()
        self.at = at + 1
        operand = self.path()
        return Unary(kind, operand, span=Span(self.starts[at], operand.span[1]))

    def _star(self) -> Star:
        at = self.at
        self.at = at + 1
        return Star(span=self.token_span(at))

    def _in_list(self, operand: Expression, operator: ListOperator) -> InList:
        """list = operand operator "(" ( pipeline | expression { "," expression } ) ")" """
        word = self.at
        self.at = word + 1
        if self.kinds[word + 1] != "(":
            self.fail_expected("`(`", hint=f"the values stand in parentheses: {operator.value} (a, b)")
        opener = self.expect("(")
        depth = self.depth
        items: tuple[Expression, ...]
        try:
            self.enter()
            if self._is_subquery():
                items = (self.pipeline(),)
            else:
                items = (self.expression(),)
                if self.kinds[self.at] == ",":
                    items += tuple(self._more_items())
            if self.kinds[self.at] != ")":
                self.fail_group(opener, "`,` or `)`")
            self.at += 1
            self.depth = depth
        except Fault:
            self.skip_group(opener, depth)
            items = (self.bad_between(opener),)
        return InList(
            operator, operand, items, self.token_span(word), span=Span(operand.span[0], self.ends[self.at - 1])
        )

    def _more_items(self) -> list[Expression]:
        items = []
        while self.kinds[self.at] == ",":
            self.at += 1
            items.append(self.expression())
        return items

    def _is_subquery(self) -> bool:
        """Does a pipeline stand in the list? A leading operator says so, or a pipe before the first comma."""
        kinds = self.kinds
        if kinds[self.at] in OPERATOR_KEYWORDS and self.starts_operator():
            return True
        at = self.at
        far = at + _NEAR
        level = 0
        while True:
            kind = kinds[at]
            if kind == "(" and at < far:
                level += 1
            elif kind == "(":
                at = self.closer(at)
                if at < 0:
                    return False
            elif kind == ")":
                if not level:
                    return False
                level -= 1
            elif kind in (END, ";"):
                return False
            elif not level:
                if kind == ",":
                    return False
                if kind == "|":
                    return True
            at += 1

    def starts_operator(self) -> bool:
        """Does a tabular operator begin here, rather than a column that has its name?"""
        raise NotImplementedError

    def _between(self, operand: Expression) -> Between:
        """range = operand ( "between" | "!between" ) "(" expression ".." expression ")" """
        word = self.at
        self.at = word + 1
        opener = self.expect("(")
        depth = self.depth
        low: Expression
        high: Expression
        try:
            self.enter()
            low = self.expression()
            if self.kinds[self.at] != "..":
                self.fail_group(opener, "`..`", "a range is written (low .. high)")
            self.at += 1
            high = self.expression()
            if self.kinds[self.at] != ")":
                self.fail_group(opener, "`)`")
            self.at += 1
            self.depth = depth
        except Fault:
            self.skip_group(opener, depth)
            low = high = self.bad_between(opener)
        return Between(
            self.kinds[word] == "!between",
            operand,
            low,
            high,
            self.token_span(word),
            span=Span(operand.span[0], self.ends[self.at - 1]),
        )

    # Operands

    def path(self) -> Expression:
        """path = "totable" … | primary { "." member | "[" expression "]" }"""
        at = self.at
        kinds = self.kinds
        kind = kinds[at]
        node: Expression
        if kind == NAME:
            following = kinds[at + 1]
            if following == "(":
                node = self._call(Name(self.texts[at], span=self.token_span(at)), at + 1)
            else:
                self.at = at + 1
                node = NameReference(self.texts[at], span=Span(self.starts[at], self.ends[at]))
                if following == "datascope":
                    node = self._data_scope(node)
        elif kind in LITERALS:
            node = self._literal_token()
        elif kind == "(":
            node = self.parenthesized()
        elif kind == "totable":
            return self._to_table()
        else:
            node = self._primary()
        kind = kinds[self.at]
        while kind == "." or kind == "[":
            node = self._member(node) if kind == "." else self._element(node)
            kind = kinds[self.at]
        return node

    def _member(self, target: Expression, *, calls: bool = True) -> Expression:
        """member = "." ( name | call | "[" expression "]" | wildcard in brackets )"""
        self.at += 1
        if self.kinds[self.at] == "[" and not self.name_length(self.at):
            wildcard = self._bracketed_wildcard()
            if wildcard is None:
                return self._element(target, dotted=True)
            return Path(target, wildcard, span=Span(target.span[0], wildcard.span[1]))
        if self.kinds[self.at] == "@":
            self.at += 1
            return Path(
                target, Name("@", span=self.token_span(self.at - 1)), span=Span(target.span[0], self.ends[self.at - 1])
            )
        name = self.expect_name("a name", NAMES | COLUMN_KEYWORDS if self.kinds[self.at] in COLUMN_KEYWORDS else NAMES)
        if calls and self.kinds[self.at] == "(" and self.kinds[self.at - 1] not in COLUMN_KEYWORDS:
            call = self._call(name, self.at)
            return Path(target, call, span=Span(target.span[0], call.span[1]))
        return Path(target, name, span=Span(target.span[0], name.span[1]))

    def _element(self, target: Expression, *, dotted: bool = False) -> Element:
        """element = "[" expression "]" """
        index = self._bracketed()
        return Element(target, index, dotted, span=Span(target.span[0], self.ends[self.at - 1]))

    def _bracketed(self) -> Expression:
        opener = self.expect("[")
        depth = self.depth
        try:
            self.enter()
            index = self.expression()
            if self.kinds[self.at] != "]":
                array = self.kinds[self.at] == "," and opener and self.kinds[opener - 1] not in (NAME, ")", "]")
                self.fail_group(opener, "`]`", "an array is written dynamic([…])" if array else None)
            self.at += 1
            self.depth = depth
        except Fault:
            self.skip_group(opener, depth)
            return self.bad_between(opener)
        return index

    def _bracketed_wildcard(self) -> WildcardName | None:
        """wildcard in brackets = "[" wildcard "]" """
        first = self.at
        self.at = first + 1
        wildcard = self.accept_wildcard()
        if wildcard is None:
            self.at = first
            return None
        self.expect("]")
        return WildcardName(wildcard.pattern, span=self.span_from(first))

    def entity_path(self, *, calls: bool = False, wildcards: bool = False) -> Expression:
        """entity-path = member { "." member | "[" name "]" }: tables and columns where no expression is allowed"""
        if wildcards:
            wildcard = self.accept_wildcard()
            if wildcard is not None:
                return wildcard
        at = self.at
        node = self._entity(calls=calls)
        while True:
            kind = self.kinds[self.at]
            if kind == ".":
                if wildcards:
                    self.at += 1
                    wildcard = self.accept_wildcard()
                    if wildcard is not None:
                        return Path(node, wildcard, span=self.span_from(at))
                    self.at -= 1
                if calls or self.kinds[self.at + 1] == "[" or self.kinds[self.at + 2] != "(":
                    node = self._member(node, calls=calls)
                else:
                    self.at += 1
                    name = self.expect_name()
                    node = Path(node, name, span=self.span_from(at))
            elif kind == "[":
                node = self._element(node)
            else:
                return node

    def _entity(self, *, calls: bool) -> Expression:
        at = self.at
        if self.kinds[at] == "@":
            self.at = at + 1
            return NameReference("@", span=self.token_span(at))
        if self.kinds[at] in COLUMN_KEYWORDS:
            self.at = at + 1
            return NameReference(self.texts[at], span=self.token_span(at))
        name = self.accept_name()
        if name is not None:
            if calls and self.kinds[self.at] == "(":
                return self._call(name, self.at)
            return NameReference(name.text, span=name.span)
        if self.kinds[at] == "[":
            return self._bracket_primary()
        return self._no_expression("a table or column")

    def _primary(self) -> Expression:
        """primary = literal | name | call | "(" pipeline ")" | toscalar | datatable | externaldata | …"""
        at = self.at
        kind = self.kinds[at]
        match kind:
            case "dynamic":
                if self.kinds[at + 1] == "(":
                    return self._dynamic()
            case "toscalar":
                return self._to_scalar()
            case (
                "datatable" | "__contextual_datatable" | "externaldata" | "external_data" | "materialized-view-combine"
            ):
                return self.inline_table(kind)
            case "[":
                return self._data_scope_after(self._bracket_primary())
            case "{":
                if name := self.accept_name():
                    if self.kinds[self.at] == "(":
                        return self._call(name, self.at)
                    return self._data_scope_after(NameReference(name.text, span=name.span))
            case "@":
                self.at = at + 1
                return self._data_scope_after(NameReference("@", span=self.token_span(at)))
            case "typeof" if self.kinds[at + 1] == "(":
                return self.type_literal()
            case _ if kind in NAMES or kind in COLUMN_KEYWORDS:
                if self.kinds[at + 1] == "(" and kind in NAMES:
                    return self._call(Name(self.texts[at], span=self.token_span(at)), at + 1)
                self.at = at + 1
                return self._data_scope_after(NameReference(self.texts[at], span=self.token_span(at)))
        return self._no_expression("an expression")

    def _no_expression(self, what: str) -> Expression:
        """Report what stands where an expression must; a keyword meant as a name is read as that name."""
        at = self.at
        kind = self.kinds[at]
        following = self.peek(1)
        if kind in KEYWORDS and (following in _INFIX or following in _ENDS_OPERAND):
            text = self.texts[at]
            self.report(
                "KQL013",
                f"`{text}` is a word of the language and no name",
                self.token_span(at),
                f"if a column is meant, write ['{text}']",
            )
            self.at = at + 1
            return NameReference(text, span=self.token_span(at))
        return self.fail_expected(what, "KQL011", "a bag is written dynamic({…})" if kind == "{" else None)

    def _bracket_primary(self) -> Expression:
        """`['a name']`, `[wild*card]`, or an expression in brackets, which only the engine refuses."""
        at = self.at
        wildcard = self._bracketed_wildcard()
        if wildcard is not None:
            return wildcard
        name = self.accept_name()
        if name is None:
            index = self._bracketed()
            return Element(BadExpression(span=Span(self.starts[at], self.starts[at])), index, span=self.span_from(at))
        if self.kinds[self.at] == "(":
            return self._call(name, self.at)
        return NameReference(name.text, span=name.span)

    def inline_table(self, kind: str) -> Expression:
        """datatable, externaldata and their kin; defined with the tabular operators."""
        raise NotImplementedError

    def parenthesized(self) -> Parenthesized:
        """parenthesized = "(" pipeline ")" """
        opener = self.expect("(")
        depth = self.depth
        content: Expression
        try:
            self.enter()
            content = self.pipeline()
            if self.kinds[self.at] == ")":
                self.at += 1
            elif self.kinds[self.at] == END:
                self.report_unclosed(opener, "`)`")
            else:
                self.fail_group(opener, "`)`", self._group_hint(opener))
            self.depth = depth
        except Fault:
            self.skip_group(opener, depth)
            content = self.bad_between(opener)
        return Parenthesized(content, span=self.span_from(opener))

    def _group_hint(self, opener: int) -> str | None:
        """Help for a list where one value must stand, as in `x has ("a", "b")`."""
        if self.kinds[self.at] != ",":
            return self.rest_fault("the expression")[1]
        if not opener or self.kinds[opener - 1] not in _INFIX:
            return None
        word = self.texts[opener - 1]
        return f"`{word}` compares with one value; for several write `{_LIST_FORMS.get(word, 'in')} (…)`"

    def _data_scope_after(self, node: Expression) -> Expression:
        return self._data_scope(node) if self.kinds[self.at] == "datascope" else node

    def _data_scope(self, node: Expression) -> DataScope:
        """data-scope = table "datascope" "=" ( "all" | "hotcache" )"""
        return DataScope(node, self.data_scope_word(), span=Span(node.span[0], self.ends[self.at - 1]))

    def data_scope_word(self) -> str:
        """ "datascope" "=" ( "all" | "hotcache" )"""
        self.expect("datascope")
        self.expect("=")
        return self.expect_word(("all", "hotcache"))

    def expect_word(self, words: tuple[str, ...]) -> str:
        at = self.at
        if self.texts[at] not in words:
            self.fail_expected(" or ".join(f"`{word}`" for word in words))
        self.at = at + 1
        return self.texts[at]

    # Calls and named expressions

    def call(self, what: str = "a function call") -> Call:
        """call = name "(" [ argument { "," argument } ] ")" """
        name = self.expect_name(what)
        if self.kinds[self.at] != "(":
            self.fail_expected("`(`")
        return self._call(name, self.at)

    def composite_call(self) -> Call | Path:
        """composite-call = call { "." call }"""
        at = self.at
        node: Call | Path = self.call()
        while self.kinds[self.at] == ".":
            length = self.name_length(self.at + 1)
            if not length or self.peek(1 + length) != "(":
                break
            self.at += 1
            node = Path(node, self.call(), span=self.span_from(at))
        return node

    def _call(self, name: Name, opener: int) -> Call:
        """arguments = "(" [ argument { "," argument } ] ")"; argument = "*" | named-expression"""
        kinds = self.kinds
        self.at = opener + 1
        if kinds[opener + 1] == ")":
            self.at = opener + 2
            return Call(name, (), span=Span(name.span[0], self.ends[opener + 1]))
        depth = self.depth
        arguments: list[Expression] = []
        try:
            self.enter()
            while True:
                if kinds[self.at] == "*" and kinds[self.at + 1] in (")", ","):
                    arguments.append(self._star())
                else:
                    arguments.append(self.named_expression())
                kind = kinds[self.at]
                if kind == ",":
                    self.at += 1
                elif kind == ")":
                    self.at += 1
                    break
                else:
                    self.fail_group(opener, "`,` or `)`", self.rest_fault("the argument")[1])
            self.depth = depth
        except Fault:
            self.skip_group(opener, depth)
            arguments.append(self.bad_between(opener))
        return Call(name, tuple(arguments), span=Span(name.span[0], self.ends[self.at - 1]))

    def named_expression(self) -> Expression:
        """named-expression = [ ( name | "(" name { "," name } ")" ) "=" ] expression"""
        at = self.at
        kind = self.kinds[at]
        following = self.kinds[at + 1] if kind != END else END
        if following == "=" and kind in DECLARED_NAMES:
            self.at = at + 2
            name = Name(self.texts[at], span=Span(self.starts[at], self.ends[at]))
            value = self.expression()
            return Named((name,), value, span=Span(self.starts[at], value.span[1]))
        if kind == NAME and following != "-":
            return self.expression()
        if kind == "[" or kind == "{":
            length = self.name_length(at)
            if length and self.kinds[at + length] == "=":
                names = (self.expect_name(),)
                self.at += 1
                value = self.expression()
                return Named(names, value, span=Span(self.starts[at], value.span[1]))
        elif kind == "(":
            if self._is_name_list(at):
                return self._listed_names()
        elif kind in WORDS:
            self._refuse_unquoted_name(at)
        return self.expression()

    def _is_name_list(self, at: int) -> bool:
        """Do names in parentheses and `=` stand here? `(a, b) = f(x)`"""
        at += 1
        while length := self.name_length(at, DECLARED_NAMES):
            at += length
            if self.kinds[at] != ",":
                break
            at += 1
        return self.kinds[at] == ")" and self.kinds[at + 1] == "="

    def _listed_names(self) -> Named:
        first = self.at
        names = []
        self.at = first + 1
        while True:
            names.append(self.expect_name(words=DECLARED_NAMES))
            if not self.accept(","):
                break
        self.expect(")")
        self.expect("=")
        value = self.expression()
        return Named(tuple(names), value, True, span=Span(self.starts[first], value.span[1]))

    def _refuse_unquoted_name(self, at: int) -> None:
        """A name with hyphens, or a keyword, before `=`: said here, since as an expression it would read oddly."""
        end = at
        while self.touches_next(end) and (self.kinds[end + 1] in WORDS or self.kinds[end + 1] == "-"):
            end += 1
        if self.kinds[end + 1] == "=":
            name = "".join(self.texts[at : end + 1])
            span = Span(self.starts[at], self.ends[end])
            self.fail("KQL013", f"`{name}` is no plain name", span, f"write ['{name}']")

    # toscalar, totable

    def _to_scalar(self) -> ToScalar:
        """to-scalar = "toscalar" [ "kind" "=" "nooptimization" ] "(" pipeline ")" """
        at, option, content = self._nested_query()
        return ToScalar(content, option, span=self.span_from(at))

    def _to_table(self) -> ToTable:
        """to-table = "totable" [ "kind" "=" "nooptimization" ] "(" pipeline ")" """
        at, option, content = self._nested_query()
        return ToTable(content, option, span=self.span_from(at))

    def _nested_query(self) -> tuple[int, bool, Expression]:
        at = self.at
        self.at = at + 1
        option = False
        if self.kinds[self.at] == "kind" and self.kinds[self.at + 1] == "=":
            self.at += 2
            option = self.texts[self.at] == "nooptimization"
            if option:
                self.at += 1
            else:
                self.option_value()
        return at, option, self.parenthesized().expression

    def option_value(self) -> Expression:
        """The value of an option of an operator; defined with the tabular operators."""
        raise NotImplementedError


_NEAR: Final = 200
"""So many tokens of a list are looked at one by one; then groups are leapt over, lest nested lists cost a square."""

_LIST_FORMS: Final = {"has": "has_any", "!has": "!in", "=~": "in~", "!=": "!in", "!~": "!in~", "contains": "has_any"}
_BEFORE_OPERAND: Final = words("+ - *")
_ENDS_OPERAND: Final = words(") ] } . , |")
