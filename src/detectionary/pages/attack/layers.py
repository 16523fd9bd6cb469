"""Layers for the ATT&CK Navigator, format 4.5: which techniques rules name, coloured by how many do.

Techniques that no rule names have no score and so no colour. Rules that only forward a vendor's alert are not counted,
unless they are asked for. `assets/attack-sets.js` makes layers of the same shape from filters and comparisons.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from detectionary.attack.facts import CURRENT, matrix
from detectionary.catalog import Bits, Facet
from detectionary.catalog.coverage import chosen, coverage, without_forwarded
from detectionary.pages.attack.matrix import HeatStep, heat_steps, level_of, technique_page_path
from detectionary.pages.browse.search import BrowseRequest
from detectionary.pages.browse.words import FACET_TITLES, value_title
from detectionary.pages.keys import folder_name
from detectionary.pages.kind import FileGroup, digest_of
from detectionary.pages.languages import language_title
from detectionary.pages.library import Library
from detectionary.pages.part import Part, encode_part

COLOURS: Final = ("#dfeaf3", "#bdd6ea", "#8fbadb", "#3577b0", "#1d6099", "#0d3f6d")
"""Of the steps above 0, as `assets/site.css` has them for light pages."""


class LayerVersions(Part, frozen=True):
    """What the layer is made for."""

    attack: str
    navigator: str
    layer: str


class LayerNote(Part, frozen=True):
    """Something more about a technique or a layer."""

    name: str
    value: str


class LayerLink(Part, frozen=True):
    """Where more is to be read."""

    label: str
    url: str


class LayerTechnique(Part, frozen=True, rename={"technique_id": "techniqueID"}):
    """A technique; `score` is the number of rules that name it or one of its sub-techniques, `color` that of its step
    in the matrix, which a linear gradient would not give.
    """

    technique_id: str
    score: int
    color: str
    comment: str
    metadata: tuple[LayerNote, ...]
    links: tuple[LayerLink, ...]


class LayerGradient(Part, frozen=True, rename="camel"):
    """Colours of scores from `min_value` to `max_value`, and beyond."""

    colors: tuple[str, ...]
    min_value: int
    max_value: int


class LayerLegend(Part, frozen=True):
    """What a colour means."""

    label: str
    color: str


class LayerLayout(Part, frozen=True, rename={"show_id": "showID", "show_name": "showName"}):
    """How the matrix is laid out at first."""

    layout: str
    show_id: bool
    show_name: bool


class Layer(Part, frozen=True, rename={"legend_items": "legendItems", "hide_disabled": "hideDisabled"}):
    """A layer as the Navigator reads it."""

    name: str
    versions: LayerVersions
    domain: str
    description: str
    sorting: int
    layout: LayerLayout
    hide_disabled: bool
    techniques: tuple[LayerTechnique, ...]
    gradient: LayerGradient
    legend_items: tuple[LayerLegend, ...]
    metadata: tuple[LayerNote, ...]
    links: tuple[LayerLink, ...]


def layer(library: Library, rules: Bits, name: str) -> Layer:
    """The layer of a set of rules; `name` says which they are. Links need the site's address, so without one there
    are none.
    """
    index = library.index
    found = coverage(index, rules)
    steps = heat_steps(count.all for identifier, count in found.techniques.items() if "." not in identifier)
    by_language = [
        (value.name, coverage(index, rules & value.bits).techniques) for value in index.values(Facet.LANGUAGE).values()
    ]
    techniques = []
    for identifier, count in found.techniques.items():
        languages = sorted(
            ((counts[identifier].all, language) for language, counts in by_language if identifier in counts),
            key=lambda each: (-each[0], each[1]),
        )
        techniques.append(
            LayerTechnique(
                identifier,
                count.all,
                COLOURS[level_of(count.all, steps) - 1],
                ", ".join(f"{language_title(language)} {rules}" for rules, language in languages),
                _own(identifier, count.own, count.all),
                _links(library, technique_page_path(identifier), "Rules of this technique"),
            )
        )
    total = rules.bit_count()
    return Layer(
        f"Detectionary: {name}",
        LayerVersions(CURRENT.partition(".")[0], "5.2.0", "4.5"),
        "enterprise-attack",
        f"{_rules(total)}: {name}. A technique’s score is the number of rules that name it or one of its "
        f"sub-techniques; {_forwarding(library, rules)}.",
        3,
        LayerLayout("side", True, True),
        False,
        tuple(techniques),
        LayerGradient(COLOURS, 1, max(steps[-1].least, 2)),
        tuple(LayerLegend(_step_words(step), COLOURS[step.level - 1]) for step in steps if step.level),
        (
            LayerNote("rules", str(total)),
            LayerNote("ATT&CK version", CURRENT),
            LayerNote("techniques without a rule", str(sum(name not in found.techniques for name in matrix().current))),
        ),
        _links(library, "attack/index.html", "ATT&CK matrix"),
    )


def layer_of(library: Library, request: BrowseRequest) -> Layer:
    """The layer of the rules that a request finds, named after it: what `api/layer` answers."""
    rules = chosen(library.catalog, library.index, request.text, request.filters)
    return layer(library, rules, request_title(request))


def request_title(request: BrowseRequest) -> str:
    """A search text and filters in words."""
    parts = [f"“{request.text.strip()}”"] if request.text.strip() else []
    parts += [
        f"{FACET_TITLES[facet]}: {' or '.join(value_title(facet, name) for name in names)}"
        for facet, names in request.filters.by_facet
        if names
    ]
    return "; ".join(parts) or "all rules"


def _own(identifier: str, own: int, every: int) -> tuple[LayerNote, ...]:
    return () if "." in identifier or own == every else (LayerNote("name the technique itself", str(own)),)


def _links(library: Library, path: str, label: str) -> tuple[LayerLink, ...]:
    return (LayerLink(label, library.base_url + path),) if library.base_url else ()


def _rules(number: int) -> str:
    return "1 rule" if number == 1 else f"{number:,} rules"


def _forwarding(library: Library, rules: Bits) -> str:
    """Whether rules of a set only forward a vendor's alert, in words."""
    forwarding = (rules & ~without_forwarded(library.index, rules)).bit_count()
    if forwarding:
        return f"{forwarding:,} of the rules only forward a vendor’s alert"
    return "rules that only forward a vendor’s alert are not counted"


def _step_words(step: HeatStep) -> str:
    return _rules(step.least) if step.least == step.most else f"{step.least:,} to {step.most:,} rules"


LAYERED: Final = (Facet.LANGUAGE, Facet.PLATFORM, Facet.REPOSITORY)
"""Facets each value of which has a layer."""


def layer_path(facet: Facet, name: str) -> str:
    """Where the layer of a facet's value lies."""
    return f"layers/{facet.value}-{folder_name(name.replace(' ', '-')).lower()}.json"


ALL_PATH: Final = "layers/all.json"


def _files(library: Library) -> Iterable[tuple[str, bytes]]:
    index = library.index
    rules = without_forwarded(index, index.everything)
    yield ALL_PATH, encode_part(layer(library, rules, "all rules"))
    for path, (facet, name, bits) in sorted(_values(library).items()):
        title = f"{FACET_TITLES[facet]}: {value_title(facet, name)}"
        yield path, encode_part(layer(library, rules & bits, title))


def _values(library: Library) -> Mapping[str, tuple[Facet, str, Bits]]:
    """By address; of names that would share one, the first."""
    found: dict[str, tuple[Facet, str, Bits]] = {}
    for facet in LAYERED:
        for value in library.index.values(facet).values():
            found.setdefault(layer_path(facet, value.name), (facet, value.name, value.bits))
    return found


def _basis(library: Library) -> str:
    return digest_of(library.base_url, CURRENT, *(rule.digest for rule in library.index.rules))


LAYERS: Final = FileGroup("layers", _files, basis=_basis)
