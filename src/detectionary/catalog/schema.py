"""The tables of a catalog, as data: the file is created from them, and docs/reference/catalog.md is printed from them.

Words in the sentences below are those of the design. Rows that belong to a rule have the column `rule`; rows of a rule
that is gone stay, so questions about the present join with `rules` and ask for `gone_run IS NULL`, or use the views.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

SCHEMA_VERSION: Final = 3
"""`PRAGMA user_version` of a catalog; every change of this file's tables adds one and a migration."""

APPLICATION_ID: Final = 0x44544359
"""`PRAGMA application_id` of a catalog: "DTCY"."""


class Role(Enum):
    """What a column is to the content of a catalog."""

    CONTENT = "content"
    SURROGATE = "surrogate"
    """A number that another run could have given otherwise."""
    RULE = "rule"
    """Points to a rule."""
    FILE = "file"
    """Points to a file."""
    REPOSITORY = "repository"
    """Points to a repository."""
    HISTORY = "history"
    """When and with what something was ingested: differs between catalogs of the same content."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its declaration in SQL, and what it holds."""

    name: str
    declaration: str
    about: str
    role: Role = Role.CONTENT


@dataclass(frozen=True, slots=True)
class Table:
    """A table. `indexes` are column lists of its indexes, `constraints` what its definition says besides columns."""

    name: str
    about: str
    columns: tuple[Column, ...]
    constraints: tuple[str, ...] = ()
    indexes: tuple[str, ...] = ()
    clustered: bool = False
    """Kept in the order of its primary key (`WITHOUT ROWID`): rows of one rule lie together."""

    def statements(self) -> Iterator[str]:
        """The SQL that makes the table and its indexes."""
        parts = [f"{_quoted(column.name)} {column.declaration}" for column in self.columns]
        parts += self.constraints
        options = " WITHOUT ROWID" if self.clustered else ""
        yield f"CREATE TABLE {self.name} (\n  " + ",\n  ".join(parts) + f"\n){options}"
        for number, columns in enumerate(self.indexes, start=1):
            yield f"CREATE INDEX {self.name}_{number} ON {self.name} ({columns})"


@dataclass(frozen=True, slots=True)
class View:
    """A question that people ask often."""

    name: str
    about: str
    query: str


def _quoted(name: str) -> str:
    return f'"{name}"'


def _text(name: str, about: str) -> Column:
    return Column(name, "TEXT NOT NULL", about)


def _optional_text(name: str, about: str) -> Column:
    return Column(name, "TEXT", about)


def _number(name: str, about: str) -> Column:
    return Column(name, "INTEGER NOT NULL", about)


def _optional_number(name: str, about: str) -> Column:
    return Column(name, "INTEGER", about)


_RULE: Final = Column("rule", "INTEGER NOT NULL REFERENCES rules", "The rule.", Role.RULE)
_POSITION: Final = Column("position", "INTEGER NOT NULL", "Its place among the rule's, from 0.")
_START: Final = Column("start", "INTEGER NOT NULL", "The first character in the query, from 0.")
_END: Final = Column("end", "INTEGER NOT NULL", "One after the last character.")


def _of_rule(name: str, about: str, *columns: Column, indexes: tuple[str, ...] = ()) -> Table:
    """A table with numbered rows of each rule."""
    return Table(name, about, (_RULE, _POSITION, *columns), ("PRIMARY KEY (rule, position)",), indexes, clustered=True)


_COMPARED: Final = (
    _text("field_key", "Canonical or own field in lower case; `*` for all fields."),
    _text("operator", "The language-neutral operator, always positive: `eq`, `contains`, …"),
)

TABLES: Final = (
    Table(
        "runs",
        "Each call of ingest.",
        (
            Column("number", "INTEGER PRIMARY KEY", "Counts from 1.", Role.HISTORY),
            Column("started", "TEXT NOT NULL", "When it began (ISO, UTC).", Role.HISTORY),
            Column("finished", "TEXT", "When it completed; null when it was interrupted.", Role.HISTORY),
            Column("rules", "INTEGER", "Rules that were there then.", Role.HISTORY),
        ),
    ),
    Table(
        "settings",
        "What the catalog knows about itself.",
        (
            Column(
                "name", "TEXT PRIMARY KEY", "`environment`: what all present analyses were made with.", Role.HISTORY
            ),
            Column("value", "TEXT NOT NULL", "The value.", Role.HISTORY),
        ),
        clustered=True,
    ),
    Table(
        "repositories",
        "Where rules come from.",
        (
            Column("id", "INTEGER PRIMARY KEY", "Number within this file.", Role.SURROGATE),
            Column("name", "TEXT NOT NULL UNIQUE", "The repository without scheme, or the folder's name."),
            _optional_text("licence", "SPDX identifier, where the licence text is known."),
            Column("last_run", "INTEGER REFERENCES runs", "The last complete run that read it.", Role.HISTORY),
            Column(
                "first_run",
                "INTEGER REFERENCES runs",
                "The first complete run that read it: what was found up to then was a first reading.",
                Role.HISTORY,
            ),
        ),
    ),
    Table(
        "files",
        "Every file that was looked at, with what makes it unchanged.",
        (
            Column("id", "INTEGER PRIMARY KEY", "Number within this file.", Role.SURROGATE),
            Column("repository", "INTEGER NOT NULL REFERENCES repositories", "Its repository.", Role.REPOSITORY),
            _text("path", "Path from the repository's root, with forward slashes."),
            _text("digest", "Hash of its bytes."),
            _number("size", "Bytes."),
            Column(
                "modified", "INTEGER", "Time of change in nanoseconds; null: too fresh to be trusted.", Role.HISTORY
            ),
            _optional_text("commit", "The commit that it was seen at last, where one is known."),
            Column("read_with", "TEXT NOT NULL", "Version of the readers that read it.", Role.HISTORY),
            _optional_text("ignored", "Why it holds nothing for the catalog, when it holds nothing."),
            Column(
                "gone_run",
                "INTEGER REFERENCES runs",
                "The run that no longer found it; null while it is there.",
                Role.HISTORY,
            ),
        ),
        ("UNIQUE (repository, path)",),
    ),
    Table(
        "rules",
        "Every rule that was ever ingested, as it is now or was last.",
        (
            Column("id", "INTEGER PRIMARY KEY", "Number within this file.", Role.SURROGATE),
            Column("file", "INTEGER NOT NULL REFERENCES files", "The file that holds it.", Role.FILE),
            _text("rule_id", "The upstream id, or one made from the path."),
            _number("occurrence", "From 0 among the rules of one id in one file."),
            Column("slug", "TEXT NOT NULL COLLATE NOCASE UNIQUE", "Its name in addresses; given once, kept for good."),
            _text("language", "The query language."),
            _text("kind", "What the platform does with it: Scheduled, NRT, Hunting, …"),
            _text("title", "The title."),
            _text("description", "The description."),
            _optional_text("author", "The author."),
            _optional_text("version", "The version that the rule states."),
            _optional_text("severity", "The severity, in lower case."),
            _optional_text("status", "The status, in lower case."),
            _optional_text("platform", "The telemetry platform: AWS, Windows, …"),
            _optional_text("third_party_feed", "Why it only forwards a vendor's alert, when it does."),
            _optional_text("frequency", "How often it runs, in short form (10m, 1d)."),
            _optional_text("lookback", "How far back it looks."),
            _optional_text("trigger_operator", "How the number of rows compares with the threshold: gt, lt, eq, ne."),
            _optional_number("trigger_threshold", "The number of rows of the trigger."),
            _number("accepted", "1 when the query has no syntax error."),
            _number("open_fields", "1 when it may emit more fields than are listed."),
            _number("predicates", "Comparisons and the like in all its filters."),
            _number("opaques", "Those of them that could not be modelled."),
            _optional_text("fault", "The exception, when the analysis of this rule failed through a fault of ours."),
            _text("fingerprint", "Hash of the normalised query: copies share it."),
            Column(
                "counted",
                "INTEGER NOT NULL DEFAULT 0",
                "1 when corpus counts count it: present, and the newest of its id.",
            ),
            Column("analysed_with", "TEXT NOT NULL", "Version of the analysis.", Role.HISTORY),
            Column("entry", "BLOB NOT NULL", "The whole entry, compressed; for Detectionary's own pages."),
            Column("first_run", "INTEGER NOT NULL REFERENCES runs", "The run that found it first.", Role.HISTORY),
            Column(
                "gone_run",
                "INTEGER REFERENCES runs",
                "The run that no longer found it; null while it is there.",
                Role.HISTORY,
            ),
            _optional_text("outcome", "The result that it watches: `success` or `failure`, then error codes."),
            Column(
                "entry_digest", "TEXT NOT NULL DEFAULT ''", "Hash of `entry`: another one, and the rule is another."
            ),
            _optional_text("date", "When the rule was written, where it says so (ISO)."),
            _optional_text("modified", "When it was changed last, where it says so."),
            Column("tested", "INTEGER NOT NULL DEFAULT 0", "1 when it names a regression test of its repository."),
        ),
        ("UNIQUE (file, rule_id, occurrence)",),
        ("rule_id", "rule_id COLLATE NOCASE", "fingerprint"),
    ),
    Table(
        "rule_versions",
        "Every text that a rule has had.",
        (
            Column("id", "INTEGER PRIMARY KEY", "Number within this file.", Role.SURROGATE),
            Column("rule", "INTEGER NOT NULL REFERENCES rules", "The rule.", Role.RULE),
            _text("digest", "Hash of body and query."),
            _number("current", "1 for the rule's present text, or its last."),
            Column(
                "first_run", "INTEGER NOT NULL REFERENCES runs", "The run that found this text first.", Role.HISTORY
            ),
            Column("last_run", "INTEGER REFERENCES runs", "The last complete run that found it.", Role.HISTORY),
        ),
        ("UNIQUE (rule, digest)",),
    ),
    Table(
        "version_texts",
        "The texts of the versions.",
        (
            Column("version", "INTEGER PRIMARY KEY REFERENCES rule_versions", "The version.", Role.SURROGATE),
            _text("body", "The file, or the part of it that is the rule, verbatim."),
            _text("query", "The query alone."),
        ),
    ),
    Table(
        "changes",
        "What each run did to rules that were known before. A rule that it added has no row: its `first_run` says so.",
        (
            Column("run", "INTEGER NOT NULL REFERENCES runs", "The run.", Role.HISTORY),
            Column("rule", "INTEGER NOT NULL REFERENCES rules", "The rule.", Role.HISTORY),
            Column(
                "event",
                "TEXT NOT NULL",
                "`changed`, `removed`, `returned` (after it was removed), `moved` (to another file of its repository).",
                Role.HISTORY,
            ),
            Column(
                "kinds",
                "TEXT NOT NULL",
                "What its text changed: `logic`, `thresholds`, `metadata`, parted by blanks, the strongest first.",
                Role.HISTORY,
            ),
            Column(
                "details",
                "TEXT NOT NULL",
                "JSON list of [kind, what, name, before, after]; null is what was not there.",
                Role.HISTORY,
            ),
            Column(
                "comparable",
                "INTEGER NOT NULL",
                "0: another version of Detectionary analysed the text before, so that some details may come from that.",
                Role.HISTORY,
            ),
            Column("before", "INTEGER REFERENCES rule_versions", "The text before.", Role.HISTORY),
            Column("after", "INTEGER REFERENCES rule_versions", "The text after; null when removed.", Role.HISTORY),
            Column("moved_from", "INTEGER REFERENCES rules", "The rule that it was in its file before.", Role.HISTORY),
        ),
        ("PRIMARY KEY (run, rule)",),
        ("rule",),
        clustered=True,
    ),
    Table(
        "runnable",
        "Whether the engine of this machine can run a rule's query; no row where that was not measured.",
        (
            Column("rule", "INTEGER PRIMARY KEY REFERENCES rules", "The rule.", Role.HISTORY),
            Column(
                "outcome",
                "TEXT NOT NULL",
                "`runs`; `data`: runs, its columns depend on the data; `refused`; `failed` by a fault of ours.",
                Role.HISTORY,
            ),
            Column("code", "TEXT", "The code of the first reason, when it does not run.", Role.HISTORY),
            Column("message", "TEXT", "That reason.", Role.HISTORY),
            Column("measured_with", "TEXT NOT NULL", "Version of compiler and engine.", Role.HISTORY),
        ),
    ),
    _of_rule(
        "stages",
        "The steps of a query, nested ones after the step that holds them.",
        _optional_number("parent", "Position of the stage that holds it, for a nested one."),
        _optional_text(
            "pipeline", "Which one: `right side`, `leg 2`, `binding NAME`, `parameter NAME`; null: the query."
        ),
        _number("number", "From 1 in its own pipeline."),
        _text("operator", "The canonical operator: `where`, `summarize`, …"),
        _text("text", "Its text, from the pipe on."),
        _START,
        _END,
    ),
    _of_rule(
        "comparisons",
        "What a rule looks for and what it excludes; see the views `indicators` and `exclusions`.",
        _number("excluded", "0 for an indicator, 1 for an exclusion."),
        _optional_text("field", "The field as the rule names it; null searches all fields."),
        _optional_text("canonical_field", "The vendor-neutral name, where one is known."),
        *_COMPARED,
        _text("quantifier", "`any` or `all` of the values."),
        _number("stage", "The top-level stage that it stands in; 0: none."),
        _optional_number("group_id", "The and/or group that holds it, numbered within the rule."),
        _optional_text("group_kind", "`all` or `any`."),
        _optional_text("context", "`anti-join`, `binding NAME`; null in the query itself."),
        _optional_text("origin", "Where the values come from when the rule does not hold them."),
        _number("implied", "1 when the language implies it."),
        _START,
        _END,
        _optional_text("record", "Whose field it is in a query over several records: `$login`."),
    ),
    Table(
        "comparison_values",
        "The values of comparisons.",
        (
            _RULE,
            _number("comparison", "Position of the comparison."),
            _number("position", "Place among its values, from 0."),
            _number("excluded", "0 for an indicator, 1 for an exclusion."),
            *_COMPARED,
            _optional_text("value_key", "The value as corpus counts compare it; null: never counted."),
            _text("kind", "What it is: `text`, `number`, `timespan`, …"),
            _optional_text("value", "The value, as text; a range as `low..high`."),
            _text("transforms", "Functions around the field, outermost first, and `cased`, `term`: a JSON list."),
        ),
        ("PRIMARY KEY (rule, comparison, position)",),
        ("field_key, operator, value_key, excluded", "value_key"),
        clustered=True,
    ),
    _of_rule(
        "thresholds",
        "Comparisons on aggregates.",
        _text("name", "The column compared."),
        _optional_text("aggregate", "The expression that made it, where known."),
        _text("operator", "The operator."),
        _optional_text("value", "The value, as text."),
    ),
    _of_rule(
        "opaques",
        "Parts of filters that could not be modelled.",
        _text("reason", "The kind of reason."),
        _text("text", "The text."),
        _START,
        _END,
    ),
    _of_rule(
        "output_fields",
        "The columns that a rule emits.",
        _text("name", "The name."),
        _text("source", "The operator that made it."),
        _number("stage", "The stage that made it."),
        _text("type", "Its type."),
        indexes=("name",),
    ),
    _of_rule(
        "parameters",
        "Scalar lets and declared query parameters.",
        _text("name", "The name."),
        _text("text", "The declaration, verbatim."),
        _optional_text("value", "Its value as JSON; null when it is no constant."),
        _optional_text("type", "Its type, where known."),
    ),
    _of_rule(
        "bindings",
        "Tabular and function lets.",
        _text("name", "The name."),
        _text("kind", "`table` or `function`."),
        _text("text", "The declaration, verbatim."),
    ),
    _of_rule(
        "techniques",
        "ATT&CK coverage: a row a technique under a tactic.",
        _text("tactic", "The tactic's name."),
        _text("tactic_id", "Its id."),
        _optional_text("technique_id", "The technique's id of today; null when the rule names the tactic alone."),
        _optional_text("technique", "Its name, with the parent's before a colon."),
        _optional_text("revoked_from", "The id that the rule gives, when it was revoked."),
        indexes=("technique_id", "tactic_id"),
    ),
    _of_rule(
        "actions",
        "Operations that a rule watches.",
        _text("action_key", "The action in lower case: rules with the same key watch the same action."),
        _text("action", "The action as its log source spells it: `aws:ec2.amazonaws.com/RunInstances`."),
        _text("provider", "What comes before the operation."),
        _text("operation", "The operation."),
        _number("inferred", "1 when the rule names no event source and only one has the operation."),
        indexes=("action_key",),
    ),
    _of_rule("rule_tables", "Tables that a rule reads.", _text("name", "The table."), indexes=("name",)),
    _of_rule(
        "rule_functions",
        "Functions of the environment that a rule calls.",
        _text("name", "The function."),
        indexes=("name",),
    ),
    _of_rule(
        "named_inputs",
        "Data that a rule reads by name from outside its tables.",
        _text("kind", "`watchlist` or `externaldata`."),
        _text("name", "Its name."),
    ),
    _of_rule(
        "connectors",
        "Data connectors that a rule asks for.",
        _text("connector", "The connector's id."),
        _optional_text("data_type", "A data type that it names there."),
    ),
    _of_rule(
        "entities",
        "Entities of a rule's alert: a row an identifier.",
        _number("entity", "Which of the rule's entities, from 0."),
        _text("type", "The entity type: Account, IP, …"),
        _text("identifier", "The identifier."),
        _text("column", "The output field that fills it."),
    ),
    _of_rule(
        "custom_details",
        "Custom details of a rule's alert.",
        _text("name", "The detail."),
        _text("column", "The output field that fills it."),
    ),
    _of_rule(
        "diagnostics",
        "Faults of rules, collected while reading and analysing them.",
        _text("origin", "`rule` (as read), `query` or `attack`."),
        _text("code", "The stable code."),
        _text("level", "`error`, `warning` or `note`."),
        _text("message", "What is wrong."),
        _optional_text("help", "What to do."),
        _optional_text("place", "Where, in words, for a fault outside the query."),
        _optional_number("start", "The first character in the query."),
        _optional_number("end", "One after the last character."),
        indexes=("code",),
    ),
    Table(
        "file_diagnostics",
        "Faults of files as a whole.",
        (
            Column("file", "INTEGER NOT NULL REFERENCES files", "The file.", Role.FILE),
            _POSITION,
            _text("code", "The stable code."),
            _text("level", "`error`, `warning` or `note`."),
            _text("message", "What is wrong."),
            _optional_text("help", "What to do."),
        ),
        ("PRIMARY KEY (file, position)",),
        clustered=True,
    ),
    Table(
        "dependencies",
        "Names that the analysis of a rule looked up. When one means something else now, the rule is analysed again.",
        (
            _RULE,
            _text("name", "A table, a function, or a name that was not found."),
            _text("digest", "Hash of its definition; empty when it was not found."),
        ),
        ("PRIMARY KEY (rule, name)",),
        ("name",),
        clustered=True,
    ),
    Table(
        "functions",
        "Functions that repositories define: ASIM and vendor parsers, saved queries.",
        (
            Column("file", "INTEGER NOT NULL REFERENCES files", "The file that defines it.", Role.FILE),
            _POSITION,
            _text("name", "The function's name."),
            _text("parameters", "Its declared parameters."),
            _optional_text("body", "Its query."),
            _text("digest", "Changes when the definition does."),
            Column("definition", "BLOB NOT NULL", "The whole definition, compressed; for Detectionary itself."),
        ),
        ("PRIMARY KEY (file, position)",),
        ("name",),
        clustered=True,
    ),
    Table(
        "search_terms",
        "What full-text search knows of a rule beside its title, description and body.",
        (
            Column("rule", "INTEGER PRIMARY KEY REFERENCES rules", "The rule.", Role.RULE),
            _text("fields", "The fields that it filters on and emits."),
            _text("values", "The values that it filters on."),
        ),
    ),
    Table(
        "value_counts",
        "Corpus counts: how many rules use a value, copies counted once and of each id only the newest.",
        (
            *_COMPARED,
            _text("value_key", "The value as corpus counts compare it."),
            _number("excluded", "0 for rules that look for it, 1 for rules that exclude it."),
            _text("language", "The query language of the rules."),
            _number("rules", "How many rules."),
        ),
        ("PRIMARY KEY (field_key, operator, value_key, excluded, language)",),
        clustered=True,
    ),
)


def _compared_rows(excluded: int) -> str:
    return f"""
SELECT r.slug, r.title, r.language, c.rule, c.position, c.field, c.canonical_field, c.operator, c.quantifier,
  v.value, v.kind, v.transforms, c.stage, c.group_id, c.group_kind, c.context, c.origin
FROM comparisons AS c
JOIN rules AS r ON r.id = c.rule AND r.gone_run IS NULL
LEFT JOIN comparison_values AS v ON v.rule = c.rule AND v.comparison = c.position
WHERE c.excluded = {excluded}"""  # noqa: S608  # the number is a constant


VIEWS: Final = (
    View("indicators", "What present rules look for: a row a value, one row where there is none.", _compared_rows(0)),
    View("exclusions", "What present rules exclude, likewise.", _compared_rows(1)),
    View(
        "present_rules",
        "The rules that are there now, with their repository and path.",
        """
SELECT r.*, s.name AS repository, f.path, f."commit", s.licence
FROM rules AS r
JOIN files AS f ON f.id = r.file
JOIN repositories AS s ON s.id = f.repository
WHERE r.gone_run IS NULL""",
    ),
    View(
        "history",
        "Every version of every rule, with the times of the first and the last ingest that found it.",
        """
SELECT r.slug, r.title, r.rule_id, v.digest, v.current, first.started AS first_ingest, last.started AS last_ingest,
  gone.started AS gone_since
FROM rule_versions AS v
JOIN rules AS r ON r.id = v.rule
JOIN runs AS first ON first.number = v.first_run
LEFT JOIN runs AS last ON last.number = v.last_run
LEFT JOIN runs AS gone ON gone.number = r.gone_run""",
    ),
    View(
        "documents",
        "What full-text search reads.",
        """
SELECT r.id AS rule, r.title, r.description, t.body, s.fields, s."values"
FROM rules AS r
JOIN rule_versions AS v ON v.rule = r.id AND v.current = 1
JOIN version_texts AS t ON t.version = v.id
JOIN search_terms AS s ON s.rule = r.id""",
    ),
)

SEARCH_COLUMNS: Final = ("title", "description", "body", "fields", "values")

SEARCH: Final = (
    "CREATE VIRTUAL TABLE search USING fts5("
    + ", ".join(SEARCH_COLUMNS)
    + ", content = 'documents', content_rowid = 'rule', tokenize = 'unicode61 remove_diacritics 2')"
)
"""The full-text index keeps no text of its own: it reads the view `documents` by the rule's number."""


def statements() -> Iterator[str]:
    """The SQL that makes an empty catalog."""
    for table in TABLES:
        yield from table.statements()
    for view in VIEWS:
        yield f"CREATE VIEW {view.name} AS{view.query}"
    yield SEARCH
