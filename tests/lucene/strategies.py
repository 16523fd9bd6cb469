"""Random Lucene queries: texts that the grammar allows, and texts made of its pieces."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st

_ESCAPED: Final = st.text(st.characters(codec="utf-8"), min_size=1, max_size=5).map(
    lambda text: "".join(f"\\{character}" for character in text)
)
_WORDS: Final = st.sampled_from(("a", "x.y", "5", "-", "true", "g+s", "a*", "?b", "\\*", "\\u0041", "or", "TO", ">=5"))
_TERMS: Final = st.sampled_from(("a", "x.y", "5", "true", "g+s", "a*", "?b", "\\*", "\\u0041", "or", "TO", ">=5"))
_LEAVES: Final = st.one_of(
    _TERMS,
    _ESCAPED,
    _TERMS.map(lambda word: f"{word}~1"),
    st.text(st.characters(codec="utf-8", exclude_characters='"\\'), max_size=6).map(lambda text: f'"{text}"'),
    st.text(st.characters(codec="utf-8", exclude_characters="/\\"), max_size=6).map(lambda text: f"/{text}/"),
    st.sampled_from(("[1 TO 5]", "{a TO *}", '["x y" TO -3}', '"p q"~3', "[* TO *]")),
)
_FIELDS: Final = st.sampled_from(("", "", "a:", "b.c :", "x\\:y: ", "*:", "_exists_:", "@timestamp:"))


def _row(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    clause = st.builds("{}{}".format, st.sampled_from(("", "", "", "+", "-", "!", "NOT ")), inner)
    return st.builds(
        lambda first, others: first + "".join(joint + clause for joint, clause in others),
        clause,
        st.lists(st.tuples(st.sampled_from((" ", " AND ", " OR ", " && ", " || ")), clause), max_size=3),
    )


queries: Final = _row(
    st.recursive(
        st.builds("{}{}".format, _FIELDS, _LEAVES),
        lambda inner: st.one_of(
            st.builds("({}){}".format, _row(inner), st.sampled_from(("", "", "^2"))),
            st.builds("{}({})".format, st.sampled_from(("a:", "b.c :")), _row(_LEAVES)),
        ),
        max_leaves=6,
    )
)

scraps: Final = st.lists(
    st.sampled_from(
        ("a", ":", " ", "(", ")", "[", "]", "{", "}", " TO ", "AND", " OR ", "!", "+", "-", '"', "/", "\\", "~", "^2")
    )
    | st.text(st.characters(codec="utf-8"), max_size=4)
    | _WORDS,
    max_size=20,
).map("".join)
