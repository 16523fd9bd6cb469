"""Every code that a diagnostic can carry, once: its short name for tools, and what it is about.

A code never changes its meaning and is never used again when it goes. Rooms write codes where they report; a test
holds this table against them, in both directions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Code:
    """`name` is a short handle ("unknown-column"); `about` one sentence for the reference."""

    code: str
    name: str
    about: str


CODES: Final = (
    # Kusto: syntax
    Code("KQL002", "unclosed-string", "A string that does not end on its line."),
    Code("KQL003", "bad-escape", "A backslash in a string before something that is no escape."),
    Code("KQL004", "unclosed-literal", "A literal such as datetime(…) without its closing bracket."),
    Code("KQL005", "bare-guid", "A guid outside of guid(…)."),
    Code("KQL010", "expected", "Something else stands where the grammar needs a certain word or sign."),
    Code("KQL011", "missing-expression", "An expression is missing."),
    Code("KQL012", "missing-literal", "A literal is missing, or something stands where only literals may."),
    Code("KQL013", "no-name", "A word that cannot be a name here without brackets."),
    Code("KQL014", "unknown-operator", "A pipe that is not followed by a tabular operator."),
    Code("KQL015", "unexpected", "Something behind a complete stage or statement."),
    Code("KQL016", "missing-semicolon", "Two statements that nothing parts."),
    Code("KQL017", "no-column-type", "A column is declared with a type that Kusto does not have."),
    Code("KQL018", "nested-too-deeply", "Brackets nest deeper than the parser follows them."),
    Code("KQL019", "unclosed-bracket", "A bracket that is not closed."),
    Code("KQL020", "missing-pipe", "Two stages that no pipe parts."),
    Code("KQL021", "leading-pipe", "A query that begins with a pipe."),
    Code("KQL022", "sql", "SQL where Kusto is expected."),
    # Kusto: names and types
    Code("KQL201", "unknown-table", "A table that the environment does not have."),
    Code("KQL202", "unknown-function", "A function or plug-in that nobody defines."),
    Code("KQL203", "unknown-column", "A column or variable that is not in scope."),
    Code("KQL204", "misplaced-function", "A function, aggregate or plug-in in a place that is not its own."),
    Code("KQL205", "no-member", "A member or element of a value that has none."),
    Code("KQL206", "operand-types", "An operator that does not take operands of these types."),
    Code("KQL207", "table-not-value", "A table where a single value is expected."),
    Code("KQL208", "value-not-table", "A single value where a table is expected."),
    Code("KQL209", "duplicate-column", "A column name that is declared twice."),
    Code("KQL210", "argument-count", "A call with too few or too many arguments."),
    Code("KQL211", "argument-type", "An argument of a type that the function does not take."),
    Code("KQL212", "no-column", "An expression where a column is expected."),
    Code("KQL213", "no-common-type", "Arguments without a type in common."),
    Code("KQL214", "names-without-values", "More names than values."),
    Code("KQL215", "no-rename", "A rename that is none."),
    Code("KQL216", "join-condition", "A join condition that is none."),
    Code("KQL217", "join-keys", "Join keys that cannot be compared."),
    Code("KQL218", "no-table-before", "An operator with no table before it."),
    Code("KQL219", "no-condition", "A condition that is neither true nor false."),
    Code("KQL220", "unknown-argument", "An argument name that the function does not have."),
    Code("KQL221", "dynamic-key", "A dynamic value where values are compared: a key, distinct, a sort."),
    Code("KQL222", "name-taken", "A let of a name that is taken."),
    Code("KQL299", "too-much", "A query that is nested too deeply, or has too many columns, to be bound."),
    Code("KQL301", "not-analysed", "A query that is nested too deeply to be taken apart."),
    # Kusto: compiled and run
    Code("KQL401", "not-supported", "Something that this engine cannot do exactly; the query is refused."),
    Code("KQL402", "known-from-data", "A type or column that only data shows, where it must be known before the run."),
    Code("KQL403", "rows-missing", "A watchlist, externaldata or function whose rows nobody gave."),
    Code("KQL411", "approximate", "A result that the service estimates."),
    Code("KQL412", "digit-lost", "A datetime with more digits than an engine keeps: the seventh is dropped."),
    Code("KQL413", "columns-supposed", "Columns of a plug-in that no row reached, taken as the query names them."),
    Code("KQL420", "timed-out", "A query that ran longer than it may."),
    Code("KQL421", "out-of-memory", "A query that needs more memory than it may use."),
    Code("KQL422", "engine-error", "A query that the engine could not finish."),
    Code("KQL423", "unknown-row", "A row whose answer no documentation tells; the query stops there, not to guess."),
    # EQL
    Code("EQL001", "eql-unclosed-string", "A string or a name in backticks that does not end on its line."),
    Code("EQL002", "eql-bad-escape", "A backslash in a string before something that is no escape."),
    Code("EQL003", "eql-old-string", "A string in single quotes or behind a question mark, as older EQL had it."),
    Code("EQL004", "eql-unclosed-comment", "A comment that does not end."),
    Code("EQL005", "eql-unknown-character", "A character that has no meaning in EQL."),
    Code("EQL006", "eql-large-number", "A number or an index that is larger than Elasticsearch reads."),
    Code("EQL010", "eql-expected", "Something else stands where the grammar needs a certain word or sign."),
    Code("EQL011", "eql-missing-expression", "A value, a condition or a constant is missing."),
    Code("EQL012", "eql-constants-only", "A field or a calculation where only constants may stand."),
    Code("EQL013", "eql-keyword-as-name", "A keyword that is used as a name without backticks."),
    Code("EQL014", "eql-chained-comparison", "A chain of comparisons, which EQL does not have."),
    Code("EQL015", "eql-unexpected", "Something behind a complete query or pipe."),
    Code("EQL016", "eql-foreign-spelling", "An operator or a quotation as another language, or older EQL, spells it."),
    Code("EQL017", "eql-nested-too-deeply", "Brackets, negations or signs nest deeper than the parser follows them."),
    Code("EQL018", "eql-bad-option", "A time or a number of a sequence (`maxspan`, `runs`) that cannot be."),
    Code("EQL019", "eql-bad-sequence", "A sequence or sample that is incomplete, or whose parts do not fit."),
    Code("EQL020", "eql-bad-pipe", "A pipe that does not exist, or whose arguments are wrong."),
    Code("EQL301", "eql-other-engine", "A part of EQL that other engines have and Elasticsearch does not run."),
    Code("EQL302", "eql-unknown-function", "A function that EQL does not have."),
    Code("EQL303", "eql-argument-count", "A call with too few or too many arguments."),
    Code("EQL304", "eql-no-case-variant", "A function with `~` that has no variant which ignores case."),
    Code("EQL305", "eql-fields-compared", "Two fields compared with each other, which Elasticsearch does not do."),
    Code("EQL399", "eql-not-analysed", "A query that is nested too deeply to be taken apart."),
    # ES|QL
    Code("ESQ002", "esql-unclosed-string", "A string that does not end on its line."),
    Code("ESQ003", "esql-bad-escape", "A backslash in a string before something that is no escape."),
    Code("ESQ004", "esql-unclosed-comment", "A block comment that nothing ends."),
    Code("ESQ010", "esql-expected", "Something else stands where the grammar needs a certain word or sign."),
    Code("ESQ011", "esql-missing-expression", "An expression or constant is missing."),
    Code("ESQ012", "esql-unknown-command", "A pipe that is not followed by a command."),
    Code("ESQ013", "esql-misplaced-command", "A query that begins with no source command, or one in its middle."),
    Code("ESQ014", "esql-reserved-word", "A name with a word of the language in it, without backticks."),
    Code("ESQ015", "esql-unknown-unit", "A number with a word behind it that is no unit of time."),
    Code("ESQ016", "esql-unexpected", "Something behind a complete command or expression."),
    Code("ESQ017", "esql-unclosed-bracket", "A bracket that is not closed."),
    Code("ESQ018", "esql-nested-too-deeply", "Brackets nest deeper than the parser follows them."),
    Code("ESQ301", "esql-not-analysed", "A query that is nested too deeply to be taken apart."),
    Code("ESQ302", "esql-unknown-function", "A function that Elasticsearch does not have."),
    Code("ESQ303", "esql-argument-count", "A call with too few or too many arguments."),
    Code("ESQ304", "esql-unknown-column", "A column that no command before made or kept."),
    Code("ESQ305", "esql-bad-pattern", "A pattern of dissect or grok that cannot be read."),
    # Sigma
    Code("SIG001", "no-sigma", "A text that is no YAML mapping where a Sigma rule is expected."),
    Code("SIG002", "no-detection", "A rule without a detection or a condition."),
    Code("SIG003", "condition", "Something else stands where a condition needs a search identifier or a connective."),
    Code("SIG004", "condition-depth", "A condition that nests deeper than the parser follows it."),
    Code("SIG005", "condition-bracket", "A bracket of a condition that is not closed."),
    Code("SIG006", "condition-count", "An “N of” without a number or a pattern."),
    Code("SIG007", "aggregation", "An aggregation behind a bar that is none."),
    Code("SIG008", "no-values", "A search or a field that holds something other than values."),
    Code("SIG009", "correlation", "A correlation without a type, rules, or a condition that can be read."),
    Code("SIG010", "unknown-modifier", "A modifier that the specification does not have."),
    Code("SIG011", "modifier-value", "A value that its modifier cannot use."),
    Code("SIG012", "unknown-search", "A condition that names search identifiers which are not there."),
    Code("SIG013", "unused-search", "A search identifier that the condition does not use."),
    Code("SIG301", "unknown-rule", "A correlation or filter that refers to a rule which is not known."),
    # Kibana KQL, and rules without a query
    Code("KUE001", "missing-connective", "Two parts of a Kibana query that neither and nor or joins."),
    Code("KUE002", "missing-part", "A field or value is missing."),
    Code("KUE003", "bracket", "A bracket that is not closed, or closes nothing."),
    Code("KUE004", "too-deep", "Brackets nest deeper than the parser follows them."),
    Code("KUE005", "unclosed-text", "A text in quotes that is not closed."),
    Code("KUE006", "kuery-bad-escape", "A backslash outside of quotes before something that is no escape."),
    Code("KUE007", "kuery-not-twice", "A “not” behind a “not”, which Kibana does not read without brackets."),
    Code("MLR001", "query-unused", "A machine learning rule with a query, which nothing would read."),
    # Lucene
    Code("LUC001", "lucene-syntax", "A Lucene query that cannot be read."),
    Code("LUC002", "lucene-limit", "A Lucene query that is too long, or nests too deeply."),
    # Rule files
    Code("SRC101", "not-utf8", "A file that is not UTF-8; it is read as Windows-1252."),
    Code("SRC102", "utf16-without-mark", "A UTF-16 file without a byte order mark."),
    Code("SRC103", "no-kusto", "A fence of a Markdown file that holds no Kusto; it is not read."),
    Code("YML101", "bad-yaml", "YAML that cannot be read."),
    Code("YML102", "yaml-limit", "YAML that is larger or nested deeper than any rule."),
    Code("YML103", "yaml-alias", "An alias without its anchor, or aliases that grow without measure."),
    Code("YML104", "duplicate-key", "A key that stands more than once; the last one counts."),
    Code("YML105", "odd-key", "A list or mapping used as a key."),
    Code("RUL101", "missing-key", "A key that the format asks for is missing or empty."),
    Code("RUL102", "wrong-type", "A value that has not the form that the format asks for."),
    Code("RUL103", "unknown-word", "A severity, status, language or trigger operator that does not exist."),
    Code("RUL104", "bad-duration", "A duration that cannot be read."),
    Code("RUL105", "misspelt-key", "A key that is read although it is spelled in another way than the format says."),
    Code("RUL106", "unknown-key", "A key that the format does not have; it is not read."),
    Code("RUL107", "bad-date", "A date that cannot be read."),
    Code("RUL108", "unread-query", "A query in a language that is not read."),
    Code("TML101", "bad-toml", "Something that is no TOML; the rest of its table is not read."),
    Code("TML102", "duplicate-toml-key", "A key or table that stands twice; of keys the first one counts."),
    Code("TML103", "bad-toml-escape", "A backslash in a TOML string before something that is no escape."),
    Code("FUN101", "incomplete-function", "A saved function without a name or a query."),
    Code("FUN102", "unread-template", "A template that should hold functions and cannot be read."),
    # ATT&CK
    Code("ATT101", "unknown-tactic", "A tactic that ATT&CK does not have."),
    Code("ATT102", "unknown-technique", "A technique id that ATT&CK does not have."),
    Code("ATT103", "malformed-id", "An id that is not written as ATT&CK writes ids, or stands in the wrong list."),
    Code("ATT104", "revoked-technique", "A technique that ATT&CK has revoked; its successor is shown."),
    Code("ATT105", "deprecated-technique", "A technique that ATT&CK has deprecated, without a successor."),
    Code("ATT106", "other-matrix", "A tactic or technique of another ATT&CK matrix (mobile, ICS)."),
    Code("ATT107", "foreign-technique", "A technique that belongs to none of the rule's tactics."),
    Code("ATT108", "former-tactic", "A tactic that ATT&CK has split, renamed or given up."),
    # What the alert promises
    Code("ALERT101", "missing-alert-column", "The alert uses a column that the query does not output."),
    Code("ALERT102", "alert-column-case", "The alert spells a column in another letter case than the query."),
    Code(
        "ALERT103", "unknown-entity", "An entity type or identifier that Sentinel does not have, or spells otherwise."
    ),
    Code("ALERT104", "alert-limit", "A rule with more mappings, details or columns in a format than Sentinel accepts."),
    Code("ALERT105", "alert-excess", "Alerts, entities or values that were dropped: too many, or too large."),
    Code(
        "ALERT106", "alert-fallback", "A property of an alert that is the rule's own, as no column gave a usable value."
    ),
    Code("ALERT107", "no-entity", "An entity that rows name and that is not raised."),
    Code("ALERT108", "unread-alert-setting", "A setting of the alert that is not known, or leaves no trace in it."),
    # Ours
    Code("INT001", "internal-fault", "A fault of Detectionary that kept it from reading or analysing this."),
)

BY_CODE: Final = {code.code: code for code in CODES}
