"""`detectionary run`: the alerts that rules raise on log files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from detectionary.alerts import Alert, Window, evaluate, to_json, window_of
from detectionary.catalog import Catalog
from detectionary.cli import output
from detectionary.cli.alert_view import alert_view, quiet_view
from detectionary.cli.catalogs import DEFAULT, Database, entry_of, is_file, reading
from detectionary.cli.files import read_content
from detectionary.cli.output import ExitCode, Format
from detectionary.cli.running import Opened, RunOptions, absent, clock, opened, prepared
from detectionary.cli.trouble import Trouble
from detectionary.compiler.compile import Evaluation, Setting
from detectionary.compiler.refused import Refused
from detectionary.compiler.ticks import ticks_of
from detectionary.engines.engine import EngineError
from detectionary.engines.result import TooDeepError
from detectionary.ingest.environments import Environments
from detectionary.model.rule import Rule
from detectionary.model.schema import Environment
from detectionary.schemas import environment_base


@dataclass(frozen=True, slots=True)
class Chosen:
    """A rule to run, and the functions that it may call."""

    rule: Rule
    functions: Environment


def run(
    rules: Annotated[tuple[str, ...], Parameter(name="RULE", negative=())],
    *,
    options: RunOptions = RunOptions(),  # noqa: B008  # frozen
    at: str | None = None,
    db: Database = DEFAULT,
    format: Format = Format.TEXT,  # noqa: A002  # the option's name
) -> int:
    """Run rules on log files and show the alerts that they raise.

    Example: `detectionary run rule.yaml --logs cloudtrail/`

    Each rule is evaluated once: over its lookback that ends at `--at`, by its trigger. A rule that cannot be run
    exactly is refused with the reason and does not keep the others from running; the exit status is then 1.

    Parameters
    ----------
    rules
        Ids or slugs of the catalog, or rule files.
    options
        Logs and engine.
    at
        When the evaluation takes place: default right after the last record.
    db
        The catalog file, for rules by id or slug and for functions that repositories define.
    format
        What to write to standard output: `json` is a list of alerts.
    """
    if not rules:
        raise Trouble("no rule is named", "detectionary run RULE... --logs PATH...")
    if not options.logs:
        raise Trouble("no logs are given", "add --logs PATH...")
    raised: list[Alert] = []
    whole = True
    with opened(options) as found, ExitStack() as stack:
        # Files need no catalog; where there is one, they may call the functions that its repositories define.
        needed = db.exists() or not all(map(is_file, rules))
        catalog = stack.enter_context(reading(db)) if needed else None
        for chosen in _chosen(rules, catalog):
            alerts = _evaluated(chosen, found, at, format)
            whole = whole and alerts is not None
            if format is Format.NDJSON:
                output.ndjson(map(to_json, alerts or ()))
            raised.extend(alerts or ())
    if format is Format.JSON:
        output.json([to_json(alert) for alert in raised])
    return ExitCode.DONE if whole else ExitCode.FINDINGS


def _chosen(names: tuple[str, ...], catalog: Catalog | None) -> Iterator[Chosen]:
    base = environment_base()
    defined = Environments(base, () if catalog is None else catalog.functions())
    known = defined.of("")
    for name in names:
        if is_file(name):
            content = read_content(Path(name))
            functions = {**known.functions, **{found.name: found for found in content.functions}}
            if not content.rules:
                raise Trouble(f"no rule in {name}", "name a rule file, or an id or slug of the catalog")
            for rule in content.rules:
                yield Chosen(rule, Environment(base.tables, functions))
        elif catalog is not None:
            rule = entry_of(catalog, name).rule
            yield Chosen(rule, defined.of(rule.source.repository))


def _evaluated(chosen: Chosen, found: Opened, at: str | None, kind: Format) -> tuple[Alert, ...] | None:
    """The alerts of one evaluation; None when the rule could not be run."""
    rule = chosen.rule
    if rule.language != "kusto":
        output.fail(f"{rule.title}: only Kusto rules can be run so far")
        return None
    moment = clock(at, found)
    window = window_of(rule, moment)
    end = ticks_of(window.end)
    evaluation = Evaluation(end, None if window.start is None else ticks_of(window.start), end)
    setting = Setting(found.environment(chosen.functions), found.external)
    try:
        compiled, session = prepared(rule.query, setting, found, evaluation)
        result = session.run(compiled)
    except (Refused, EngineError) as error:
        output.fail(f"{rule.title}: not run")
        output.diagnostics(error.diagnostics, rule.query, stderr=True)
        return None
    output.diagnostics(compiled.notes, rule.query, stderr=True)
    absent(compiled, found)
    try:
        outcome = evaluate(rule, result, window)
    except TooDeepError as error:
        output.fail(f"{rule.title}: {error}", "project the members that the rule needs")
        return None
    output.diagnostics(outcome.diagnostics, rule.body_source(), stderr=True)
    if not outcome.alerts:
        _hint(found, window)
    if kind is Format.TEXT:
        if not outcome.alerts:
            output.show(quiet_view(rule, window, outcome))
        for alert in outcome.alerts:
            output.show(*alert_view(alert, window))
    return outcome.alerts


def _hint(found: Opened, window: Window) -> None:
    """Say that the logs go further back than one evaluation sees."""
    first = found.first
    if first is not None and window.start is not None and first.replace(tzinfo=UTC) < window.start:
        output.talk(
            f"the logs begin at {first:%Y-%m-%dT%H:%M:%S}, before this window; --at TIME chooses another", "faint"
        )
