"""The script that compares rules on a static site makes, of whatever rules say, what Python makes on a live one.

Rules are generated: numbers that languages write in several ways, letters whose case is no simple matter, characters
that sort otherwise in UTF-16, halves of characters, what means something to a script or to HTML.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as some
from playwright.sync_api import Browser, Page

from detectionary.model.entry import NO_RELATIONS
from detectionary.pages import RulePage, rule_page
from detectionary.pages.compare.context import NOTHING, compare
from detectionary.pages.compare.html import DETAILS, _render, render_compare
from detectionary.pages.compare.kind import place_of
from detectionary.pages.compare.sheet import Scalar, script_of, sheet, sheet_files
from detectionary.pages.environment import asset_files
from detectionary.pages.keys import rule_path
from detectionary.pages.part import encode_part
from detectionary.pages.rule.context import (
    PageAlert,
    PageAsset,
    PageEntity,
    PageIndicator,
    PageOutcome,
    PageOutputField,
    PageReference,
    PageTactic,
    PageTechnique,
    PageThreshold,
    PageTrigger,
    PageValue,
)
from detectionary.text import Span
from tests.browser.test_compare import PLACE, TREE
from tests.pages.entries import FIRST, paint

BASE: Final = rule_page(FIRST, NO_RELATIONS, paint)

TEXTS: Final = (
    "", "a", "A", "b", "1", "10", "2", " a", "a ", "a\u3000", "a\ufeff", "a\x85", "a\x1c", "\r", "a\r\nb", "\n", "a\tb",
    "Straße", "STRASSE", "straße", "İ", "i\u0307", "ı", "I", "ΣΑΣ", "σας", "σασ", "\u212a", "k", "\u212b", "ǅ", "ﬁ",
    "\ue000", "\uffff", "\U0001f600", "\U00010000", "\ud83d", "\ude00", "\ufffd", "\x00", "\x07", "\x7f", "\u202e",
    "\u200b", "\u00ad", "\ufff9", "\u2028", "</script>", "<b>&amp;\"'", "__proto__", "constructor", "toString", "1e-07",
    "x" * 700, "😀" * 601,
)  # fmt: skip

NUMBERS: Final = (
    0, 1, -1, 5, 5.0, 0.0, -0.0, 1e-7, 1.5e-10, 0.1, 1e15, 1e16, 1e21, 1e22, 1.0e300, 123456789012345680.0, 2**53,
    2**53 + 1, 2**63, -(2**63), 10**30, 1 / 3, 5e-324, True, False, None,
)  # fmt: skip

SEVERAL: Final = 4

texts = some.one_of(some.sampled_from(TEXTS), some.text(max_size=4))
maybe = some.none() | texts
scalars = some.one_of(some.sampled_from(NUMBERS), texts, some.integers(), some.floats(allow_nan=False))
values = scalars | some.tuples(scalars, scalars)
lists = some.lists(texts, max_size=SEVERAL).map(tuple)
WHERE: Final = some.just(Span(0, 1))

page_values = some.builds(
    PageValue, values, lists, some.none(), some.just("text"), some.none(), some.none() | some.sampled_from("pqr")
)
indicators = some.builds(
    PageIndicator,
    field=maybe,
    canonical_field=some.none() | texts,
    operator=some.sampled_from(("eq", "match", "is_null", "between")),
    quantifier=some.sampled_from(("any", "all")),
    group=some.none(),
    context=maybe,
    stage=some.integers(0, 3),
    values=some.lists(page_values, max_size=SEVERAL).map(tuple),
    transforms=lists,
    origin=maybe,
    implied=some.booleans(),
    tables=some.just(()),
    span=WHERE,
    record=some.none(),
)
rows = some.lists(indicators, max_size=SEVERAL).map(tuple)
named = some.dictionaries(texts, texts, max_size=SEVERAL)
techniques = some.builds(PageTechnique, texts, texts, some.none())
pages = some.builds(
    lambda **changes: msgspec.structs.replace(BASE, **changes),
    id=texts,
    slug=some.sampled_from(("one", "two", "three", "İ-σς")),
    title=texts,
    language=some.sampled_from(("kusto", "sigma", "unheard-of")),
    platform=maybe,
    severity=maybe,
    author=maybe,
    kind=some.sampled_from(("Query", "Scheduled", "constructor")),
    third_party_feed=maybe,
    tables=lists,
    actions=lists,
    outcome=some.none() | some.builds(PageOutcome, some.none() | some.booleans(), lists),
    trigger=some.none() | some.builds(PageTrigger, some.sampled_from(("gt", "toString")), some.integers(0, 2)),
    time_window=maybe,
    group_by=lists,
    bins=lists,
    thresholds=some.lists(
        some.builds(PageThreshold, texts, maybe, some.sampled_from(("gt", "lt")), values, WHERE), max_size=SEVERAL
    ).map(tuple),
    attack=some.lists(
        some.builds(PageTactic, texts, texts, some.lists(techniques, max_size=SEVERAL).map(tuple)), max_size=2
    ).map(tuple),
    indicators=rows,
    exclusions=rows,
    output_fields=some.lists(
        some.builds(PageOutputField, texts, texts, some.integers(0, 3), some.just("string"), some.just(())),
        max_size=SEVERAL,
    ).map(tuple),
    alert=some.builds(
        PageAlert,
        entities=some.lists(some.builds(PageEntity, texts, named), max_size=2).map(tuple),
        custom_details=named,
        title=maybe,
        description=maybe,
        severity_column=maybe,
        tactics_column=maybe,
        details=some.just({}),
        event_grouping=maybe,
        grouping=some.just({}),
        suppression=maybe,
        impacted_assets=some.lists(some.builds(PageAsset, texts, texts), max_size=2).map(tuple),
        response_actions=lists,
    ),
    copies=some.lists(
        some.builds(PageReference, texts, some.sampled_from(("one", "two")), texts, some.just("kusto"), some.none()),
        max_size=1,
    ).map(tuple),
    query=some.lists(texts, max_size=8).map("\n".join),
    accepted=some.booleans(),
)  # fmt: skip

together = some.lists(pages, min_size=1, max_size=4)

COMPARE = """(rules) => {
  const sheets = rules.map((files) => {
    for (const [name, script] of files) (0, eval)(script);
    const part = (name) => parts["rules/" + files[0][0] + "/" + name];
    const [rule, copies, sections, query] = part("compare.js");
    return { rule, copies, sections: typeof sections === "number" ? part("compare-rows.js") : sections,
      query: typeof query === "number" ? part("compare-query.js") : query };
  });
  return JSON.stringify(detectionaryCompare.compare(sheets, []));
}"""


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """A page with the scripts that compare."""
    page = browser.new_page()
    page.evaluate("globalThis.parts = {}; globalThis.detectionaryPart = (name, data) => { parts[name] = data; }")
    for name in ("compare-model.js", "compare-lines.js"):
        page.evaluate("(script) => { (0, eval)(script); }", asset_files()[name][1].decode())
    page.evaluate("void (detectionaryCompare.lines = parts.lines)")
    yield page
    page.close()


def scripts(rule: RulePage) -> list[tuple[str, str]]:
    folder = rule_path(rule.language, rule.slug).removeprefix("rules/").removesuffix("/index.html")
    return [(folder, content.decode()) for content in sheet_files(sheet(rule)).values()]


def number_rule(*values: Scalar) -> RulePage:
    """A rule that compares one field with each of the values."""
    rows = tuple(
        PageIndicator(
            field="A",
            canonical_field=None,
            operator="eq",
            quantifier="any",
            group=None,
            context=None,
            stage=1,
            values=(PageValue(value, (), None, "n", None, None),),
            transforms=(),
            origin=None,
            implied=False,
            tables=(),
            span=Span(0, 1),
            record=None,
        )
        for value in values
    )
    return msgspec.structs.replace(BASE, indicators=rows, exclusions=rows[::-1], query="x\n" * len(values))


WITH_DETAILS: Final = msgspec.structs.replace(
    BASE, alert=msgspec.structs.replace(BASE.alert, custom_details=dict.fromkeys(TEXTS, "x"))
)
"""Names that a script would put in another order, were they the keys of an object."""


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(together)
@example([number_rule(*NUMBERS), number_rule(*NUMBERS[::2])])
@example([number_rule(*TEXTS), number_rule(*TEXTS[::-1]), number_rule(*TEXTS[::3])])
@example([WITH_DETAILS, WITH_DETAILS])
def test_whatever_rules_say_the_script_and_python_make_the_same(page: Page, rules: Sequence[RulePage]) -> None:
    made: Any = json.loads(page.evaluate(COMPARE, [scripts(rule) for rule in rules]))
    assert made == json.loads(encode_part(compare(rules)))


def write_site(rules: Sequence[RulePage], folder: Path) -> Path:
    """The page that compares these rules, as a static site has it."""
    for path, content in asset_files().values():
        folder.joinpath(path).parent.mkdir(parents=True, exist_ok=True)
        folder.joinpath(path).write_bytes(content)
    places = "compare/places/0.js"
    names = [(f"/{rule.slug}", f"{rule.language}/{rule.slug}") for rule in rules]
    folder.joinpath(places).parent.mkdir(parents=True, exist_ok=True)
    folder.joinpath(places).write_bytes(script_of(places, names))
    assert {place_of(name, 1) for name, _ in names} == {0}
    for rule in rules:
        at = folder / "rules" / rule.language / rule.slug
        at.mkdir(parents=True, exist_ok=True)
        for name, content in sheet_files(sheet(rule)).items():
            at.joinpath(name).write_bytes(content)
    page = folder / "compare" / "index.html"
    page.write_text(render_compare(NOTHING, live=False), encoding="utf-8")
    return page


def hostile_rules() -> Iterator[RulePage]:
    code = "\n".join(f"| where A == '{text}' // \x07 \u202e" for text in TEXTS if "\n" not in text)
    for number, texts in enumerate((TEXTS, TEXTS[::-1], TEXTS[::2])):
        yield msgspec.structs.replace(
            number_rule(*texts),
            id=f"id-{number}",
            slug=f"rule-{number}",
            title=f"{TEXTS[-1 - number]}\r\u202e\ufffd",
            tables=texts,
            actions=texts,
            output_fields=tuple(PageOutputField(text, text, 1, "string", ()) for text in texts),
            query=code.replace("where", f"where{number}", number * 3),
        )


@pytest.mark.parametrize("count", [1, 2, 3])
def test_whatever_rules_say_the_page_is_the_same(browser: Browser, tmp_path: Path, count: int) -> None:
    rules = list(hostile_rules())[:count]
    address = write_site(rules, tmp_path).as_uri()
    made, served = browser.new_page(), browser.new_page()
    made.goto(f"{address}?rules={','.join(rule.slug for rule in rules)}")
    more = made.get_by_role("button", name="Compare them")
    made.wait_for_selector("#compared .heads")
    if more.count():
        more.click()
        made.wait_for_selector("#compared .aligned")
    served.goto(address)
    html = _render(compare(rules), DETAILS[0], False, "../")
    served.evaluate(PLACE, html)
    for one, other in zip(
        made.eval_on_selector("#compared", TREE), served.eval_on_selector("#compared", TREE), strict=True
    ):
        assert one == other
    title = "(html) => new DOMParser().parseFromString(html, 'text/html').title"
    assert made.title() == served.evaluate(title, html)
    made.close()
    served.close()
