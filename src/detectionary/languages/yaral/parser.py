"""The parser: rules, searches, stages and sections.

https://cloud.google.com/chronicle/docs/detection/yara-l-2-0-syntax for rules,
https://cloud.google.com/chronicle/docs/investigation/multi-stage-yaral for stages. What the documentation leaves open
is noted in docs/reference/yara-l-grammar.md, which has these productions together.
"""

# ruff: noqa: D403  # the docstring of a production is the production

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from detectionary.languages.cursor import Fault
from detectionary.languages.yaral.cursor import SECTIONS
from detectionary.languages.yaral.lexer import Tokens, tokenize
from detectionary.languages.yaral.parser_expressions import Expressions
from detectionary.languages.yaral.syntax import (
    Assignment,
    Bad,
    Item,
    Key,
    Part,
    Rule,
    Section,
    Setting,
    Stage,
    Text,
    Window,
)
from detectionary.languages.yaral.tokens import DURATION, END, INTEGER, NAME, VARIABLE
from detectionary.text import Diagnostic, Level, Span

_NEEDED: Final = ("events", "condition")
"""Sections that a rule cannot be without."""

_DEEPEST: Final = 4
"""How deep stages may nest; the documentation nests none."""

_ItemProduction: TypeAlias = Callable[[], Item]


@dataclass(frozen=True, slots=True)
class Parsed:
    """The tree, as far as it could be read, and what is wrong with the text."""

    tree: Text
    diagnostics: tuple[Diagnostic, ...]

    @property
    def accepted(self) -> bool:
        """No syntax error."""
        return not any(found.level is Level.ERROR for found in self.diagnostics)


def parse(text: str) -> Parsed:
    """Parse a text. Nothing is raised: faults are diagnostics."""
    parser = _Parser(tokenize(text))
    tree = parser.text_of_rules()
    return Parsed(tree, tuple(parser.diagnostics))


class _Parser(Expressions):
    """Reads rules and their sections."""

    def __init__(self, tokens: Tokens) -> None:
        super().__init__(tokens)
        self._nested = 0

    def text_of_rules(self) -> Text:
        """text = {rule} | search."""
        if not self._at_rule_word():
            return Text((self._search(),))
        rules = []
        while self.kinds[self.at] != END:
            if self._at_rule_word():
                rules.append(self._rule())
                continue
            self.fault_here("YAR015", "expected a rule, or the end of the text")
            while self.kinds[self.at] != END and not (self._at_rule_word() and self.begins_line(self.at)):
                self.at += 1
        return Text(tuple(rules))

    def _at_rule_word(self) -> bool:
        return self.word() == "rule" and self.peek() in (NAME, "{")

    def _rule(self) -> Rule:
        """rule = "rule" NAME "{" {section | stage} "}"."""
        start = self.starts[self.at]
        self.at += 1
        name = ""
        named = self.at
        try:
            name = self.name("the rule's name")
            self.expect("{")
        except Fault:
            self._skip_to_section()
        name_span = self.span_of(named) if name else Span(start, start)
        parts = self._parts()
        if not self.accept("}"):
            self.fault_here("YAR010", "expected `}`")
        sections = {part.kind for part in parts if isinstance(part, Section)}
        staged = any(isinstance(part, Stage) for part in parts)
        if not staged and not any(found.level is Level.ERROR for found in self.diagnostics):
            for needed in _NEEDED:
                if needed not in sections:
                    self.report("YAR014", f"the rule has no section `{needed}`", name_span)
        return Rule(name, parts, name_span, self.span_from(start))

    def _search(self) -> Rule:
        """search = {stage} [conditions] {section}."""
        start = self.starts[self.at]
        parts: list[Part] = list(self._parts())
        while self.kinds[self.at] != END:
            self.fault_here("YAR015", "expected a section, or the end of the search")
            self.at += 1
            parts.extend(self._parts())
        if not parts:
            self.report("YAR011", "expected a rule or a search", Span(start, start))
        return Rule(None, tuple(parts), Span(start, start), self.span_from(start))

    def _parts(self) -> tuple[Part, ...]:
        # Sections and stages up to a brace; conditions without a header are an implied section `events`.
        found: list[Part] = []
        while self.kinds[self.at] not in ("}", END):
            before = self.at
            if self.at_rule():
                if self.word() == "rule":
                    break
                found.append(self._stage())
            elif self.at_header():
                found.append(self._section())
            else:
                start = self.starts[self.at]
                items = self._conditions()
                if items:
                    found.append(Section("events", items, True, self.span_from(start)))
            if self.at == before:
                self.fault_here("YAR015", "expected a section")
                self.at += 1
        return tuple(found)

    def _stage(self) -> Stage:
        """stage = "stage" NAME "{" [conditions] {section} "}"."""
        start = self.starts[self.at]
        name = self.texts[self.at + 1]
        self.at += 3
        if self._nested >= _DEEPEST:
            self.fault_here("YAR017", "stages are nested too deeply")
            while self.kinds[self.at] not in ("}", END):
                self.at += 1
            return Stage(name, (), self.span_from(start))
        self._nested += 1
        parts = self._parts()
        self._nested -= 1
        if not self.accept("}"):
            self.fault_here("YAR010", "expected `}`")
        return Stage(name, parts, self.span_from(start))

    def _skip_to_section(self) -> None:
        while self.kinds[self.at] not in ("}", END) and not self.at_header():
            self.at += 1

    def _section(self) -> Section:
        """section = NAME ":" (settings | conditions | match | assignments | keys)."""
        start = self.starts[self.at]
        kind = self.texts[self.at].lower()
        form = SECTIONS.get(kind)
        if form is None:
            self.fault_here("YAR012", f"there is no section `{self.texts[self.at]}`", "one of: " + ", ".join(SECTIONS))
        self.at += 2
        items: tuple[Item, ...]
        match form:
            case "settings":
                items = self._settings()
            case "conditions":
                items = self._conditions()
            case "match":
                items = self._match()
            case "assignments":
                items = self._assignments()
            case "keys":
                items = self._keys()
            case _:
                items = ()
                while not self.at_section_end():
                    self.at += 1
        return Section(kind, items, False, self.span_from(start))

    def _settings(self) -> tuple[Item, ...]:
        """settings = {NAME "=" sum}."""
        return self._several(self._setting)

    def _setting(self) -> Item:
        start = self.starts[self.at]
        key = self.name("a key")
        self.expect("=")
        return Setting(key, self._sum(), self.span_from(start))

    def _conditions(self) -> tuple[Item, ...]:
        """conditions = {condition}."""
        return self._several(self._condition)

    def _assignments(self) -> tuple[Item, ...]:
        """assignments = {VARIABLE "=" disjunction}."""
        return self._several(self._assignment)

    def _assignment(self) -> Item:
        start = self.starts[self.at]
        name = self.texts[self.at]
        self.expect(VARIABLE, "a variable")
        self.expect("=")
        return Assignment(name, self._disjunction(), self.span_from(start))

    def _several(self, item: _ItemProduction) -> tuple[Item, ...]:
        # Items up to the end of the section; a bad one is kept as such.
        found: list[Item] = []
        while not self.at_section_end():
            start = self.at
            try:
                found.append(item())
            except Fault:
                self.depth = 0
                self.skip_operand()
                if self.at > start:
                    span = self.span_from(self.starts[start])
                    found.append(Bad(span.of(self.text), span))
            if self.at == start or self.kinds[self.at] in (")", "]", ",", "{"):
                self.fault_here("YAR015", "expected the next line of the section")
                if not self.at_section_end():
                    self.at += 1
        return tuple(found)

    def _match(self) -> tuple[Item, ...]:
        """match = [keys] [window]."""
        found: list[Item] = []
        if not self._at_window():
            found.extend(self._keys())
        if self._at_window():
            try:
                found.append(self._window())
            except Fault:
                self.depth = 0
        if not self.at_section_end():
            self.fault_here("YAR015", "expected the next section")
            while not self.at_section_end():
                self.at += 1
        return tuple(found)

    def _at_window(self) -> bool:
        return self.word() in ("over", "by") and self.peek() in (NAME, DURATION, INTEGER)

    def _window(self) -> Item:
        """window = ("over" | "by") ["every"] (DURATION | [INTEGER] NAME) [("before" | "after") VARIABLE]."""
        start = self.starts[self.at]
        word = self.word()
        self.at += 1
        every = self.word() == "every"
        if every:
            self.at += 1
        if self.kinds[self.at] == DURATION:
            width = self.texts[self.at]
            self.at += 1
        else:
            if self.at_header():
                self.fail("YAR010", "expected a length of time, such as 10m")
            number = self.texts[self.at] if self.kinds[self.at] == INTEGER else ""
            self.at += bool(number)
            width = number + self.name("a length of time, such as 10m")
        side = pivot = None
        if self.word() in ("before", "after"):
            side = self.word()
            self.at += 1
            pivot = self.texts[self.at]
            self.expect(VARIABLE, "an event variable")
        return Window(word, every, width, side, pivot, self.span_from(start))

    def _keys(self) -> tuple[Item, ...]:
        """keys = key {"," key}."""
        found: list[Item] = []
        while not self.at_section_end():
            try:
                found.append(self._key())
            except Fault:
                self.depth = 0
                self.skip_operand()
            if not self.accept(","):
                break
        if not self.at_section_end() and not self._at_window():
            self.fault_here("YAR015", "expected a comma or the next section")
            while not self.at_section_end() and not self._at_window():
                self.at += 1
        return tuple(found)

    def _key(self) -> Item:
        """key = disjunction ["asc" | "desc"]."""
        start = self.starts[self.at]
        value = self._disjunction()
        direction = self.word() if self.word() in ("asc", "desc") else ""
        if direction:
            self.at += 1
        return Key(value, direction, self.span_from(start))
