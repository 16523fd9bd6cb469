"""The page of a rule, laid out for a terminal from the same context as HTML and JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from rich.console import Group as Lines
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from detectionary.cli.rule_tables import comparisons, grid, section, thresholds, value_text
from detectionary.model.predicate import ScalarValue
from detectionary.pages.languages import LanguageWords, language_title, language_words
from detectionary.pages.rule.context import (
    PageDiagnostic,
    PageOutputField,
    PageStage,
    RulePage,
    is_prose,
)
from detectionary.pages.texts.code import is_added
from detectionary.pages.words import kind_words, outcome_words, relation_words
from detectionary.text import Level

_FIRST_LINE = 100
_MOST_LISTED = 12
"""Of long lists of other rules a terminal shows this many, and how many more there are."""


def rule_view(page: RulePage) -> list[RenderableType]:
    """The sections of the page in their order; a section with nothing to say is left out with its heading."""
    words = language_words(page.language, [stage.operator for stage in page.stages])
    sections = (
        _header(page, words),
        _description(page),
        _false_positives(page),
        _facts(page),
        _attack(page),
        _actions(page),
        _query(page, words),
        _added(page),
        _parameters(page),
        thresholds(page),
        comparisons("Exclusions", page.exclusions, words),
        comparisons("Indicators", page.indicators, words),
        _opaques(page),
        _output_fields(page, words),
        _alert(page),
        _related(page),
        _diagnostics(page),
    )
    return [shown for shown in sections if shown is not None]


def _header(page: RulePage, words: LanguageWords) -> RenderableType:
    breadcrumb = Text(" › ".join(filter(None, ("Detection rules", words.title, page.platform))), "faint")
    facts = Text()
    if page.severity:
        facts.append(page.severity, f"severity.{page.severity}")
    shown = (
        page.status,
        kind_words(page.kind),
        words.title,
        page.time_window and f"window {page.time_window}",
        page.schedule and page.schedule.frequency and f"every {page.schedule.frequency}",
        page.bins and f"bins {', '.join(page.bins)}",
        page.version and f"version {page.version}",
        page.author and f"by {page.author}",
        page.date and f"written {page.date}",
        page.modified and page.modified != page.date and f"changed {page.modified}",
    )
    for fact in shown:
        if fact:
            facts.append(" · " if facts else "", "faint").append(str(fact))
    source = Text(f"{page.source.repository} › {page.source.path}", "link")
    details = [page.source.commit and page.source.commit[:12], page.source.licence]
    known = ", ".join(detail for detail in details if detail)
    if known:
        source.append(f"  ({known})", "faint")
    lines: list[RenderableType] = [breadcrumb, Text(page.title, "bold"), facts, source, Text(f"id {page.id}", "faint")]
    if page.group_by:
        lines.append(Text("grouped by ", "faint") + Text(", ".join(page.group_by), "field"))
    if page.tables:
        lines.append(Text(f"{words.tables.lower()} ", "faint") + Text(", ".join(page.tables), "code.table"))
    if page.outcome is not None:
        lines.append(Text("outcome watched ", "faint") + Text(outcome_words(page.outcome), "value"))
    if page.third_party_feed:
        lines.append(Text(f"Third-party alert feed: {page.third_party_feed}", "level.note"))
    return Lines(*lines)


def _description(page: RulePage) -> RenderableType | None:
    if not page.description and not page.references:
        return None
    links = [Text(reference, "link") for reference in page.references if reference not in page.description]
    return Lines(Text(), Text(page.description), *links)


def _false_positives(page: RulePage) -> RenderableType | None:
    if not page.false_positives:
        return None
    return section("False positives", Lines(*(Text(f"• {each}") for each in page.false_positives)))


def _facts(page: RulePage) -> RenderableType | None:
    """What is said in a few words; of long texts, such as guides, the first line."""
    if not page.facts:
        return None
    table = grid()
    for fact in page.facts:
        shown = Text(fact.text)
        if is_prose(fact):
            lines = [line.strip("#> ") for line in fact.text.split("\n") if line.strip("#> ")]
            shown = Text(lines[0][:_FIRST_LINE] if lines else "")
            shown.append(f"  … {_counted(len(lines), 'line')}, with --format json", "faint")
        table.add_row(Text(fact.name, "faint"), shown)
    return section("Also stated", table)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _attack(page: RulePage) -> RenderableType | None:
    if not page.attack:
        return None
    table = grid()
    for tactic in page.attack:
        if not tactic.techniques:
            table.add_row(tactic.tactic, Text("no specific technique", "faint"))
        for number, technique in enumerate(tactic.techniques):
            name = Text(f"{technique.id} {technique.name}")
            if technique.revoked_from:
                name.append(f"  (the rule says {technique.revoked_from}, revoked)", "faint")
            table.add_row("" if number else tactic.tactic, name)
    return section("ATT&CK coverage", table)


def _actions(page: RulePage) -> RenderableType | None:
    if not page.event_coverage:
        return None
    lines: list[RenderableType] = []
    for covered in (covered for covered in page.event_coverage if covered.linked):
        name = Text(covered.action, "value")
        if covered.inferred:
            name.append("  (the rule names no event source; one provider alone has this operation)", "faint")
        lines.append(name)
        others = [other for other in page.same_action if other.action == covered.action]
        what = "watch the same action" + (", the same outcome first" if page.outcome is not None else "")
        lines.extend(_others(len(others), ((other.title, language_title(other.language)) for other in others), what))
    events = [covered.action for covered in page.event_coverage if not covered.linked]
    if events:
        lines.append(Text("its log source stands for ", "faint") + Text(", ".join(events)))
    return section("Actions", Lines(*lines))


def _others(total: int, named: Iterable[tuple[str, str]], what: str) -> Iterator[RenderableType]:
    if not total:
        return
    yield Text(f"  {total} other {'rule' if total == 1 else 'rules'} {what}:", "faint")
    for number, (title, language) in enumerate(named):
        if number == _MOST_LISTED:
            yield Text(f"    … and {total - number} more", "faint")
            return
        yield Text("    ") + Text(title) + Text(f"  {language}", "faint")


def _query(page: RulePage, words: LanguageWords) -> RenderableType | None:
    """The query with its own colours; the gutter says which stage begins on a line."""
    if not page.query.strip():
        return None
    text = Text(page.query)
    for start, end, kind in page.highlights:
        text.stylize(f"code.{kind}", start, end)
    marks = dict(_stage_marks(page))
    rows: list[tuple[str, Text]] = []
    offset = 0
    for line in text.split("\n", allow_blank=True):
        mark = next((marks[at] for at in range(offset, offset + len(line.plain) + 1) if at in marks), "")
        rows.append((mark, line))
        offset += len(line.plain) + 1
    while rows and not rows[-1][1].plain.strip():
        rows.pop()
    table = Table(box=None, padding=0, pad_edge=False, show_header=False)
    table.add_column(justify="right", style="faint", no_wrap=True)
    table.add_column(style="faint", no_wrap=True)
    table.add_column(overflow="fold")
    for mark, line in rows:
        table.add_row(mark, " │ ", line)
    return section("Query", table, f"the numbers are its {words.part.lower()}s")


def _added(page: RulePage) -> RenderableType | None:
    """The steps that the rule's file adds around its query."""
    added = [stage for stage in page.stages if is_added(stage)]
    if not added:
        return None
    table = grid()
    for stage in added:
        table.add_row(Text(str(stage.number), "faint"), Text(stage.operator, "operator"), Text(stage.text))
    return section("Added by the rule", table)


def _stage_marks(page: RulePage) -> Iterator[tuple[int, str]]:
    for parameter in page.parameters:
        yield parameter.span.start, "let"
    for binding in page.bindings:
        yield binding.span.start, "let"
        yield from _numbers(binding.stages, "")
    yield from _numbers(page.stages, "")


def _numbers(stages: tuple[PageStage, ...], prefix: str) -> Iterator[tuple[int, str]]:
    for stage in stages:
        yield from _numbers(stage.stages, f"{prefix}{stage.number}.")
        if not is_added(stage):
            yield stage.span.start, f"{prefix}{stage.number}"


def _parameters(page: RulePage) -> RenderableType | None:
    if not page.parameters and not page.bindings:
        return None
    table = grid()
    for parameter in page.parameters:
        shown = Text(_list(parameter.value), "value") if parameter.value is not None else Text("computed", "faint")
        table.add_row(Text(parameter.name, "code.variable"), shown, _used_in(parameter.used_in_stages))
    for binding in page.bindings:
        steps = f"{binding.kind}, {len(binding.stages)} {'stage' if len(binding.stages) == 1 else 'stages'}"
        table.add_row(Text(binding.name, "code.variable"), Text(steps, "faint"), _used_in(binding.used_in_stages))
    return section("Parameters and bindings", table)


def _used_in(stages: tuple[int, ...]) -> Text:
    if not stages:
        return Text("")
    return Text(f"used in stage {', '.join(str(number) for number in stages)}", "faint")


def _list(value: ScalarValue | tuple[ScalarValue, ...]) -> str:
    if isinstance(value, tuple):
        shown = ", ".join(value_text(item) for item in value[:_MOST_LISTED])
        return shown if len(value) <= _MOST_LISTED else f"{shown}, … {len(value) - _MOST_LISTED} more"
    return value_text(value)


def _opaques(page: RulePage) -> RenderableType | None:
    if not page.opaques and not page.column_comparisons:
        return None
    table = grid()
    for comparison in page.column_comparisons:
        table.add_row(Text("two columns", "faint"), Text(f"{comparison.left} {comparison.operator} {comparison.right}"))
    for opaque in page.opaques:
        table.add_row(Text(opaque.reason, "faint"), Text(opaque.text))
    return section("Other conditions", table)


def _output_fields(page: RulePage, words: LanguageWords) -> RenderableType | None:
    if not page.output_fields:
        return None
    table = grid("field", "type", "made by", "feeds")
    for (source, stage), fields in groupby(page.output_fields, lambda field: (field.source, field.stage)):
        made = list(fields)
        if source == "source" and len(made) > _MOST_LISTED:
            feeding = [field for field in made if field.feeds]
            for field in feeding:
                table.add_row(*_output_field(field, words))
            rest = f"{len(made) - len(feeding)} more columns of its table, unchanged"
            table.add_row(Text(rest, "faint"), "", Text(f"{source}, stage {stage}", "faint"), "")
            continue
        for field in made:
            table.add_row(*_output_field(field, words))
    note = words.output_note or (words.open_output if page.open_fields else "")
    return section("Output fields", table, note)


def _output_field(field: PageOutputField, words: LanguageWords) -> tuple[Text, Text, Text, Text]:
    return (
        Text(field.name, "field"),
        Text(field.type, "faint"),
        Text(f"{field.source}, {words.part.lower()} {field.stage}" if field.stage else field.source),
        Text(", ".join(field.feeds), "faint"),
    )


def _alert(page: RulePage) -> RenderableType | None:
    alert = page.alert
    table = grid()
    for label, text in (("title", alert.title), ("description", alert.description)):
        if text:
            table.add_row(Text(label, "faint"), Text(text))
    for entity in alert.entities:
        mapped = ", ".join(f"{identifier} = {column}" for identifier, column in entity.fields.items())
        table.add_row(Text("entity", "faint"), Text(f"{entity.type}: ", "bold") + Text(mapped, "field"))
    for name, column in alert.custom_details.items():
        table.add_row(Text("custom detail", "faint"), Text(f"{name} = ") + Text(column, "field"))
    for asset in alert.impacted_assets:
        table.add_row(Text("impacted asset", "faint"), Text(f"{asset.type}: ", "bold") + Text(asset.column, "field"))
    for action in alert.response_actions:
        table.add_row(Text("response", "faint"), Text(action))
    other = {"severity from": alert.severity_column, "tactics from": alert.tactics_column, **alert.details}
    other |= {"events": alert.event_grouping, **alert.grouping, "suppression": alert.suppression}
    for label, shown in other.items():
        if shown:
            table.add_row(Text(label, "faint"), Text(shown))
    if page.trigger:
        words = {"gt": "more than", "lt": "fewer than", "eq": "exactly", "ne": "any number but"}
        raised = f"{words.get(page.trigger.operator, page.trigger.operator)} {page.trigger.threshold} result rows"
        table.add_row(Text("raised at", "faint"), Text(raised))
    return section("Alert", table) if table.row_count else None


def _related(page: RulePage) -> RenderableType | None:
    lines: list[RenderableType] = []
    lines.extend(
        Text(f"  {relation_words(other.relation)} ", "faint") + Text(other.id, "code.variable")
        for other in page.related
    )
    for what, found in (("are copies of it", page.copies), ("have the same id and another query", page.versions)):
        lines.extend(_others(len(found), ((other.title, other.slug) for other in found), what))
    if page.shared_indicators:
        shared = (
            (other.title, f"{language_title(other.language)}, {other.count} shared") for other in page.shared_indicators
        )
        lines.extend(_others(len(page.shared_indicators), shared, "share indicators"))
    return section("Related", Lines(*lines)) if lines else None


def _diagnostics(page: RulePage) -> RenderableType | None:
    if not page.diagnostics:
        return None
    lines: list[RenderableType] = []
    for diagnostic in page.diagnostics:
        lines.append(_finding(diagnostic, page.source.path))
        if diagnostic.help:
            lines.append(Text(f"  help: {diagnostic.help}", "faint"))
    return section("Diagnostics", Lines(*lines))


def _finding(diagnostic: PageDiagnostic, path: str) -> Text:
    where = f"{path}:{diagnostic.line}:{diagnostic.column}: " if diagnostic.line is not None else ""
    place = f"{diagnostic.place}: " if diagnostic.place else ""
    style = f"level.{Level(diagnostic.level).value}"
    return (
        Text(f"{where}{place}") + Text(f"{diagnostic.code} {diagnostic.level}", style) + Text(f": {diagnostic.message}")
    )
