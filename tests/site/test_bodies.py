"""`--bodies open-only`: of rules that nobody else may show, no file of the site has the text."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from detectionary.cli.catalogs import entries_of_file
from detectionary.model.entry import Entry
from detectionary.pages.library import Bodies
from detectionary.site.write import write_site
from detectionary.text import SourceText
from tests.pages.markup import faults
from tests.site.catalogs import contents, placed, store

KUSTO = """id: {word}-id
name: Odd copying of {number}
description: Copying that is odd.
severity: Low
queryFrequency: 1h
queryPeriod: 1h
triggerOperator: gt
triggerThreshold: 0
tactics: [Collection]
query: |
  // {word}remark
  let {word}limit = 41 + {number};
  SecurityEvent
  | where EventID == 4663 and Process has "shared.exe"
  | extend Both = strcat(Computer, {number} * 7, Account)
  | where Both != Account
  | where TimeGenerated > ago({number}h + 7m)
  | where tolower({word}Name) startswith strcat("{word}", Computer)
  | where SubjectUserName == TargetUserName
  | summarize Copies = countif({word}Flag == 1) by Account, {word}Key = Computer
  | where Copies > 7
  | where Copies * {number} > 99
  | where Account !in ((SigninLogs | where {word}Side == {number} | project Account))
kind: Scheduled
"""

SIGMA = """title: Odd {word}
id: 5d3c7e4e-0000-4000-8000-00000000000{number}
description: A test
logsource: {{category: process_creation, product: windows}}
detection:
  selection:  # {word}remark
    Image|endswith: '\\shared.exe'
  condition: selection and {number} of them
level: low
"""

YARAL = """rule odd_{number} {{
  meta:
    description = "odd"
  events:
    // {word}remark
    $e.principal.process.file.full_path = /shared{number}\\.exe/ nocase
    strings.concat($e.principal.hostname, "{number}{number}") = $e.target.hostname
  condition:
    $e and {number} < 7
}}
"""

ELASTIC = """[metadata]
maturity = "production"

[rule]
name = "Odd {number}"
rule_id = "{word}-id"
description = "odd"
type = "eql"
language = "eql"
severity = "low"
risk_score = 21
note = "{word}guide: {filler}"
query = '''
process where process.name == "shared.exe" and // {word}remark
  length(process.args) * {number} > 41
'''
"""

FORMATS = {"kusto.yaml": KUSTO, "sigma.yml": SIGMA, "yaral.yaral": YARAL, "elastic.toml": ELASTIC}

TEXTS = (
    "// {word}remark", "{word}remark\n", "strcat(Computer, {number} * 7", "{number} of them", "{word}guide:",
    "= 41 + {number}", "Copies * {number}", "| where {word}Side",
    "ago({number}h + 7m", "tolower({word}Name) startswith", "countif({word}Flag",
)  # fmt: skip
"""What only the text of a rule says: remarks, calculations, guides.

Not single words: a search finds closed rules by those too, it says that they are somewhere in a rule and not where.
"""

CLOSED: dict[str | None, tuple[str, int]] = {"Elastic-2.0": ("zzelastic", 5), None: ("zzunknown", 6)}
OPEN: dict[str | None, tuple[str, int]] = {"MIT": ("zzopen", 8)}


def entries(folder: Path, licence: str | None, word: str, number: int) -> list[Entry]:
    found = []
    for name, text in FORMATS.items():
        path = folder / f"{word}-{name}"
        path.write_text(text.format(word=word, number=number, filler="words " * 60))
        (entry,) = entries_of_file(path)
        found.append(placed(entry, path.name, licence=licence))
    return found


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve rules, which were other ones before the last run, so that changes of their texts are told too."""
    folder = tmp_path_factory.mktemp("bodies")
    now = [
        entry
        for licence, (word, number) in {**CLOSED, **OPEN}.items()
        for entry in entries(folder, licence, word, number)
    ]
    before = [
        replace(entry, rule=replace(entry.rule, body=f"{entry.rule.body}\n", query=replace_text(entry)))
        for entry in now
    ]
    return store(store(folder / "rules.db", before), now)


def replace_text(entry: Entry) -> SourceText:
    return SourceText(f"{entry.rule.query.text}\n// before")


def spoken(files: dict[str, bytes], word: str, number: int) -> list[tuple[str, str]]:
    """(file, text) of everything that only the text of these rules says."""
    texts = [text.format(word=word, number=number) for text in TEXTS]
    return [(name, text) for name, content in files.items() for text in texts if text.encode() in content]


@pytest.mark.parametrize("licence", CLOSED)
def test_open_only_shows_no_text_of_a_closed_rule_in_any_file(
    catalog: Path, tmp_path: Path, licence: str | None
) -> None:
    write_site(catalog, tmp_path / "out", bodies=Bodies.OPEN_ONLY)
    files = contents(tmp_path / "out")
    assert spoken(files, *CLOSED[licence]) == []
    # The same texts of an open rule are there, so that they would be found.
    assert {text for _, text in spoken(files, *OPEN["MIT"])} == {text.format(word="zzopen", number=8) for text in TEXTS}


def test_open_only_leaves_the_facts_of_closed_rules(catalog: Path, tmp_path: Path) -> None:
    write_site(catalog, tmp_path / "out", bodies=Bodies.OPEN_ONLY)
    folder = tmp_path / "out" / "rules" / "kusto" / "zzunknown-kusto"
    assert sorted(path.name for path in folder.iterdir()) == ["compare.js", "index.html", "index.json"]
    for name in ("index.html", "index.json"):
        assert "shared.exe" in (folder / name).read_text()
        assert "SubjectUserName == TargetUserName" in (folder / name).read_text()
    assert faults((folder / "index.html").read_text()) == []


def test_all_bodies_shows_them(catalog: Path, tmp_path: Path) -> None:
    write_site(catalog, tmp_path / "out")
    assert spoken(contents(tmp_path / "out"), "zzunknown", 6) != []


def test_another_choice_of_bodies_makes_every_page_anew(catalog: Path, tmp_path: Path) -> None:
    write_site(catalog, tmp_path / "out")
    write_site(catalog, tmp_path / "out", bodies=Bodies.OPEN_ONLY)
    write_site(catalog, tmp_path / "new", bodies=Bodies.OPEN_ONLY)
    assert contents(tmp_path / "out") == contents(tmp_path / "new")
