"""Community queries in Markdown: fences under headings, with descriptions, ATT&CK tables and links around them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final, TypeGuard

from detectionary.model.rule import FileContent, Rule, RuleKind
from detectionary.repositories.comments import comments_of, person, tactic_ids, technique_ids
from detectionary.repositories.kusto_file import part_title, query_parts
from detectionary.repositories.kusto_shape import code_lines, looks_like_kusto
from detectionary.repositories.markdown_sections import Fence, Section, Table, sections_of
from detectionary.repositories.prose import clean, links, title_of_path
from detectionary.repositories.reader import Split
from detectionary.repositories.repository import Repository
from detectionary.text import Diagnostic, Level, Position, SourceText, Span

_KUSTO_INFO: Final = frozenset(("kql", "kusto", "kkql", "kqlquery", "csl"))
_UNSURE_INFO: Final = frozenset(("", "c#", "csharp", "cs", "text", "txt", "plaintext", "sql", "code", "query"))
"""Fences of these may hold Kusto: authors leave the name out, or borrow another language's colours."""

_PLATFORM_WORDS: Final = frozenset(
    (
        *(
            "microsoft",
            "azure",
            "sentinel",
            "sentiel",
            "defender",
            "defener",
            "xdr",
            "365",
            "m365",
            "m365d",
            "mde",
            "mdi",
        ),
        *("for", "endpoint", "identity", "unified", "log", "analytics", "advanced", "hunting", "data", "explorer"),
        *("resource", "graph", "rule", "query", "queries", "and", "or", "kql"),
    )
)
_PRODUCTS: Final = _PLATFORM_WORDS & {
    "sentinel",
    "sentiel",
    "defender",
    "defener",
    "xdr",
    "365",
    "mde",
    "mdi",
    "explorer",
    "graph",
}
"""A heading of platform words alone, a product among them, says where a query runs, not what it looks for."""
_GENERIC: Final = frozenset(
    (
        *(
            "hunt details",
            "query",
            "queries",
            "kql",
            "kql query",
            "kusto",
            "kusto query",
            "detection",
            "detections",
            "hunt",
            "rule",
        ),
        *("description", "descriptions", "description of the hunt", "query for detection", "hunting query", "code"),
        *("references", "reference", "mitre att&ck", "details", "query information", "parser", "title"),
    )
)
"""Headings that name no query; the heading above them does."""
_MAX_OWN_TITLE: Final = 100
_PLACEHOLDERS: Final = frozenset(("description", "title", "todo", "tbd"))
_ADVERTISING: Final = ("quick links", "found something interesting")
_AUTHOR_LABELS: Final = ("author", "authors", "contributor", "contributors", "created by")
_COVERED: Final = ("v", "x", "yes", "✓", "✔")


def accepts(path: str, head: str) -> bool:  # noqa: ARG001  # the form of every reader
    """Markdown by the file's ending."""
    return path.lower().rstrip().endswith((".md", ".markdown"))


def read(path: str, text: str, repository: Repository, split: Split) -> FileContent:
    """The Kusto queries of the file's fences; other fences are reported, each with what it is."""
    sections = sections_of(text)
    taken: list[tuple[Section, Fence]] = []
    left: list[Diagnostic] = []
    lines = text.split("\n")
    starts = _line_starts(lines)
    for section in sections:
        for fence in section.fences or _unfenced(section):
            reason = _not_kusto(fence)
            if reason is None:
                taken.append((section, fence))
            else:
                left.append(_left_out(fence, reason, starts, len(text)))
    if not taken:
        return FileContent(diagnostics=tuple(left), ignored="Markdown without a Kusto query")
    rules = tuple(_rules(path, taken, sections, lines, repository, split))
    return FileContent(rules, diagnostics=tuple(left))


def _unfenced(section: Section) -> list[Fence]:
    """A query that its author put under the heading "Query" without a fence."""
    if section.title.lower() not in ("query", "queries"):
        return []
    return [
        Fence("kql", prose + "\n", line + 1)
        for line, prose in section.prose
        if "\n|" in prose and looks_like_kusto(prose)
    ]


def _line_starts(lines: list[str]) -> list[int]:
    starts, at = [], 0
    for line in lines:
        starts.append(at)
        at += len(line) + 1
    return starts


def _not_kusto(fence: Fence) -> str | None:
    """What the fence holds, when that is no Kusto query."""
    info = fence.info.lower().split()[0].strip("{}.") if fence.info else ""
    if not code_lines(fence.content):
        return "only comments" if fence.content.strip() else "nothing"
    if info in _KUSTO_INFO or info.startswith("kql"):
        return None
    if info in _UNSURE_INFO:
        return None if looks_like_kusto(fence.content) else "no Kusto query"
    return info


def _left_out(fence: Fence, reason: str, starts: list[int], length: int) -> Diagnostic:
    begin = starts[fence.line - 1] if fence.line <= len(starts) else length
    span = Span(begin, min(begin + len(fence.content), length))
    message = f"the block at line {fence.line} holds {reason}; it is no rule"
    return Diagnostic("SRC103", Level.NOTE, message, span, None, f"line {fence.line}")


def _rules(
    path: str,
    taken: list[tuple[Section, Fence]],
    sections: list[Section],
    lines: list[str],
    repository: Repository,
    split: Split,
) -> Iterator[Rule]:
    titles: Counter[str] = Counter()
    author = _author(sections)
    number = 0
    several = len(taken) > 1
    for section, fence in taken:
        described = _description(section, fence, sections)
        tactics, techniques = _coverage(section, sections)
        referred = _references(section, sections)
        heading = _title(section, fence, path, several)
        parts = query_parts(fence.content, split)
        for part_number, (start, end) in enumerate(parts, start=1):
            number += 1
            query = fence.content[start:end]
            own = comments_of(query)
            title = part_title(heading, own, None, part_number, len(parts))
            titles[title] += 1
            yield Rule(
                id=repository.rule_id(path, number),
                title=title if titles[title] == 1 else f"{title} ({titles[title]})",
                language="kusto",
                source=repository.source(path),
                query=_source(fence, start, end, lines, path),
                body=query,
                body_language="kusto",
                kind=RuleKind.QUERY.value,
                description=described or own.description,
                references=tuple(dict.fromkeys((*referred, *own.references))),
                author=author or own.author,
                version=own.version,
                tags=_platform_tags(section),
                tactics=tactics or own.tactics,
                techniques=techniques or own.techniques,
                body_start=fence.line + fence.content.count("\n", 0, start),
            )


# --- where the query stands


def _source(fence: Fence, start: int, end: int, lines: list[str], path: str) -> SourceText:
    """The query with the place of each of its lines: fences inside lists are indented in the file."""
    first = fence.content.count("\n", 0, start)
    within = start - (fence.content.rfind("\n", 0, start) + 1)
    positions = []
    for offset, written in enumerate(fence.content[start:end].split("\n")):
        row = fence.line + first + offset
        raw = lines[row - 1] if row <= len(lines) else ""
        shift = raw.find(written) if written and offset else raw.find(fence.content.split("\n")[first]) + within
        positions.append(Position(row, max(shift, 0) + 1))
    return SourceText(fence.content[start:end], path, tuple(positions))


# --- what the headings say


def _is_platform(title: str) -> bool:
    """A heading that only says where the query runs ("Defender XDR", "Microsoft Sentinel & Microsoft 365 Defender")."""
    words = "".join(character if character.isalnum() else " " for character in title.lower()).split()
    names_product = not _PRODUCTS.isdisjoint(words)
    return (names_product and _PLATFORM_WORDS.issuperset(words)) or words[:2] == ["log", "analytics"]


def _names_query(title: str) -> bool:
    """A heading that says what a query looks for."""
    return bool(title) and title.lower() not in _GENERIC and not _is_platform(title)


def _title(section: Section, fence: Fence, path: str, several: bool) -> str:
    """The nearest heading that names the query, else the file's name; with what tells it from its siblings."""
    naming = next((each for each in section.lineage() if _names_query(each.title)), None)
    title = title_of_path(path) if naming is None else naming.title
    if len(section.fences) > 1:
        own = clean("".join(_introduction(section, fence)[-1:])).strip(" /:.")
        if 3 < len(own) <= _MAX_OWN_TITLE and "\n" not in own:
            title = f"{title}: {own}"
    if several and section is not naming and _is_platform(section.title):
        title = f"{title} ({section.title})"
    return title


def _platform_tags(section: Section) -> tuple[str, ...]:
    return (section.title,) if _is_platform(section.title) else ()


# --- what the prose says


def _around(section: Section, sections: list[Section]) -> Iterator[Section]:
    """The section, those that hold it, and their direct parts: what is said about the query and its siblings."""
    lineage = set(map(id, section.lineage()))
    for each in sections:
        holder = each.parent.parent if _is_information(each.parent) else each.parent
        if id(each) in lineage or (id(holder) in lineage and not each.fences):
            yield each


def _is_information(section: Section | None) -> TypeGuard[Section]:
    """A heading whose parts are fields ("Query Information")."""
    return section is not None and ("information" in section.title.lower() or "metadata" in section.title.lower())


def _description(section: Section, fence: Fence, sections: list[Section]) -> str:
    """The description sections around the query, else the text under the main heading; then what leads to the fence."""
    described = [
        _prose(each)
        for each in _around(section, sections)
        if each is not section and "description" in each.title.lower() and each.prose
    ]
    if not described:
        above = [each for each in section.lineage() if each is not section and each.prose]
        described = [_prose(above[-1])] if above else []
    introduction = clean("\n".join(_introduction(section, fence)))
    return clean("\n\n".join(part for part in (*described, introduction) if part))


def _introduction(section: Section, fence: Fence) -> list[str]:
    """The paragraphs between the fence and the one before it in its section."""
    after = max((each.line for each in section.fences if each.line < fence.line), default=0)
    return [each for line, each in section.prose if after <= line < fence.line - 1 and not _labelled(each)]


def _prose(section: Section) -> str:
    text = clean("\n".join(each for _, each in section.prose if not _labelled(each) and not each.startswith("![")))
    return "" if text.lower() in _PLACEHOLDERS else text


def _labelled(paragraph: str) -> bool:
    """`**Author:** …` and the like, which are fields, not prose."""
    return paragraph.startswith("**") and ":" in paragraph[:30]


def _author(sections: list[Section]) -> str | None:
    for section in sections:
        if section.title.lower().partition(" <")[0] in _AUTHOR_LABELS and section.prose:
            first = section.prose[0][1].partition("\n")[0].removeprefix("- ")
            label, colon, value = first.partition(":")
            return person(value if colon and label.strip(" *").lower() in (*_AUTHOR_LABELS, "name") else first)
        for _, paragraph in section.prose:
            for line in paragraph.split("\n"):
                label, colon, value = line.replace("**", "").removeprefix("- ").partition(":")
                if colon and label.strip().lower() in _AUTHOR_LABELS and value.strip():
                    return person(value)
    return None


def _references(section: Section, sections: list[Section]) -> tuple[str, ...]:
    """All links of the prose around the query but those into ATT&CK, which its coverage holds."""
    found: dict[str, None] = {}
    for each in _around(section, sections):
        if each.title.lower().startswith(_ADVERTISING):
            continue
        cells = (cell for table in each.tables for row in table.rows for cell in row)
        for paragraph in (*(prose for _, prose in each.prose), *cells):
            if not _is_about_a_person(paragraph) and not paragraph.startswith("!["):
                found |= dict.fromkeys(links(paragraph))
    return tuple(link for link in found if "attack.mitre.org" not in link)


def _is_about_a_person(paragraph: str) -> bool:
    label = paragraph.replace("**", "").removeprefix("- ").partition(":")[0].strip().lower()
    return label in (*_AUTHOR_LABELS, "github alias", "twitter", "organization")


# --- ATT&CK


def _coverage(section: Section, sections: list[Section]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Tactics and techniques of the ATT&CK sections and tables around the query."""
    tactics: dict[str, None] = {}
    techniques: dict[str, None] = {}
    for each in _around(section, sections):
        about = "att&ck" in each.title.lower() or "mitre" in each.title.lower()
        for table in each.tables:
            _read_table(table, tactics, techniques)
        if about:
            techniques |= dict.fromkeys(technique_ids(each.text()))
            tactics |= dict.fromkeys(tactic_ids(each.text()))
            for _, paragraph in each.prose:
                label, colon, value = paragraph.removeprefix("- ").partition(":")
                if colon and label.strip(" *").lower() in ("tactic", "tactics"):
                    tactics |= dict.fromkeys(name.strip(" *") for name in value.split(",") if name.strip(" *"))
    subs = {technique.partition(".")[0] for technique in techniques if "." in technique}
    listed = tuple(technique for technique in techniques if technique not in subs)
    return tuple(tactics), listed


def _read_table(table: Table, tactics: dict[str, None], techniques: dict[str, None]) -> None:
    header = [cell.lower().strip(" *") for cell in table.header]
    if any("covered" in cell for cell in header):
        # Defender's template: a row a tactic, marked where the query covers it.
        column = next(at for at, cell in enumerate(header) if "covered" in cell)
        for row in table.rows:
            if len(row) > column and row[column].lower() in _COVERED and row[0]:
                ids = technique_ids(row[0])
                (techniques if ids else tactics).update(dict.fromkeys(ids or (row[0],)))
        return
    if not any("technique" in cell or "tactic" in cell for cell in header):
        return
    columns = {name: at for at, name in enumerate(header)}
    sub = next((at for name, at in columns.items() if name.startswith(("subtechnique", "sub-technique"))), None)
    for row in table.rows:
        for at, cell in enumerate(row):
            tactics |= dict.fromkeys(tactic_ids(cell))
            for technique in technique_ids(cell):
                part = row[sub].strip() if sub is not None and at != sub and len(row) > sub else ""
                joined = (
                    f"{technique}.{part}" if part.isdigit() and len(part) == 3 and "." not in technique else technique
                )
                techniques[joined] = None
