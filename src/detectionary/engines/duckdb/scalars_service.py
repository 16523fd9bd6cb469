"""Functions that ask the service about itself, of which a run on files knows nothing."""

from __future__ import annotations

from typing import Final

from detectionary.compiler.dialect import Gap, ScalarRow

_NOT_HERE: Final = "it asks the service about itself"
_INSIDE: Final = "it is an inner function of the service"
_GRAPH: Final = "graphs are not supported"
_ELSEWHERE: Final = "it names data outside of this run"

SERVICE: Final[tuple[ScalarRow, ...]] = (
    *(
        Gap(name, _NOT_HERE)
        for name in (
            "current_cluster_endpoint",
            "current_cursor",
            "current_database",
            "current_node_id",
            "current_principal",
            "current_principal_details",
            "current_principal_is_member_of",
            "cursor_after",
            "cursor_before_or_at",
            "cursor_current",
            "estimate_data_size",
            "extent_id",
            "extent_tags",
            "row_id",
            "rowstore_ordinal_range",
        )
    ),
    *(Gap(name, _INSIDE) for name in ("__cast", "__hll_normalize", "__invoke")),
    *(
        Gap(name, _GRAPH)
        for name in ("all", "any", "inner_nodes", "labels", "map", "node_degree_in", "node_degree_out", "node_id")
    ),
    *(
        Gap(name, _ELSEWHERE)
        for name in (
            "cluster",
            "database",
            "entity_group",
            "external_table",
            "graph",
            "materialized_view",
            "stored_query_result",
        )
    ),
    Gap("new_guid", "it gives another value at every run"),
)
