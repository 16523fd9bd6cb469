"""Alerts depend on their rows, not on their order, except where the order is said to count."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.alerts.evaluating import evaluated, rule_of, table

RULE = rule_of("""
entityMappings:
  - entityType: Account
    fieldMappings:
      - identifier: Name
        columnName: A
      - identifier: NTDomain
        columnName: B
  - entityType: IP
    fieldMappings:
      - identifier: Address
        columnName: B
customDetails:
  D: A
  E: B
""")

ROWS = st.lists(
    st.tuples(st.sampled_from(["", "a", "b", "root"]), st.sampled_from(["", "x", "y"]), st.sampled_from([None, 1, 2])),
    min_size=1,
    max_size=8,
)


@given(st.data(), ROWS)
def test_another_order_gives_the_same_sets(data: st.DataObject, rows: list[tuple[object, ...]]) -> None:
    """Title and the like come from the first row; the rest is the same but for its order."""
    (one,) = evaluated(RULE, table("A B N:long", *rows)).alerts
    (other,) = evaluated(RULE, table("A B N:long", *data.draw(st.permutations(rows)))).alerts
    assert set(one.entities) == set(other.entities)
    assert len(one.entities) == len(set(one.entities))
    assert {name: set(values) for name, values in one.custom_details} == {
        name: set(values) for name, values in other.custom_details
    }
    assert (one.start_time, one.end_time, one.result_count) == (other.start_time, other.end_time, other.result_count)


@given(ROWS)
def test_the_same_rows_give_the_same_alert(rows: list[tuple[object, ...]]) -> None:
    assert evaluated(RULE, table("A B N:long", *rows)) == evaluated(RULE, table("A B N:long", *rows))
