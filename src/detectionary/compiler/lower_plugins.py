"""`evaluate`: which plug-ins there are, and why others are not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from detectionary.compiler.lower_ipv4_lookup import ipv4_lookup
from detectionary.compiler.lower_unpack import bag_unpack, pivot
from detectionary.compiler.lowering import Lowering
from detectionary.compiler.refused import refuse
from detectionary.compiler.relation import Relation, Scope
from detectionary.languages.kusto.syntax import Call, Evaluate

LowerPlugin = Callable[[Lowering, Evaluate, Call, Relation, Scope], Relation]


def evaluate(low: Lowering, node: Evaluate, relation: Relation | None, scope: Scope) -> Relation:
    call = node.call
    if not isinstance(call, Call):
        raise refuse("this plug-in is not supported", node.span)
    name = call.name.text
    plugin = PLUGINS.get(name)
    if plugin is None:
        reason = UNSUPPORTED_PLUGINS.get(name, "no exact form of it is known")
        raise refuse(f"evaluate {name} is not supported: {reason}", call.span)
    if relation is None:  # at the beginning of a query
        raise refuse(f"evaluate {name} takes the rows of a table", call.span)
    if relation.partition:
        raise refuse("a plug-in is not supported on parts of a table", node.span)
    return plugin(low, node, call, relation, scope)


PLUGINS: Final[Mapping[str, LowerPlugin]] = {"bag_unpack": bag_unpack, "ipv4_lookup": ipv4_lookup, "pivot": pivot}
"""The plug-ins that the compiler knows."""

_OUTSIDE: Final = "it asks a service outside"
_CODE: Final = "it runs a program of the query"
_MINING: Final = "its algorithm is not documented"
_NOT_YET: Final = "it is not done yet"

UNSUPPORTED_PLUGINS: Final[Mapping[str, str]] = {
    "active_users_count": _NOT_YET,
    "activity_counts_metrics": _NOT_YET,
    "activity_engagement": _NOT_YET,
    "activity_metrics": _NOT_YET,
    "ai_chat_completion": _OUTSIDE,
    "identity": "it is not documented",
    "identity_v3": "it is not documented",
    "ai_chat_completion_prompt": _OUTSIDE,
    "ai_embed_text": _OUTSIDE,
    "ai_embeddings": _OUTSIDE,
    "autocluster": _MINING,
    "azure_digital_twins_query_request": _OUTSIDE,
    "basket": _MINING,
    "cosmosdb_sql_request": _OUTSIDE,
    "csharp": _CODE,
    "dax_request": _OUTSIDE,
    "dcount_intersect": "it works on sketches whose form is not documented",
    "diffpatterns": _MINING,
    "diffpatterns_text": _MINING,
    "estimate_rows_count": "its result is an estimate of the service",
    "execute_query": _OUTSIDE,
    "execute_show_command": _OUTSIDE,
    "external_datatable": _OUTSIDE,
    "funnel_sequence": _NOT_YET,
    "funnel_sequence_completion": _NOT_YET,
    "geo_line_lookup": "it needs geometry on the sphere",
    "geo_polygon_lookup": "it needs geometry on the sphere",
    "http_request": _OUTSIDE,
    "http_request_post": _OUTSIDE,
    "infer_storage_schema": _OUTSIDE,
    "infer_storage_schema_with_suggestions": _OUTSIDE,
    "ipv6_lookup": _NOT_YET,
    "mysql_request": _OUTSIDE,
    "narrow": "how it writes values is not documented",
    "new_activity_metrics": _NOT_YET,
    "postgresql_request": _OUTSIDE,
    "preview": "it gives two results",
    "python": _CODE,
    "r": _CODE,
    "rolling_percentile": _NOT_YET,
    "rows_near": _NOT_YET,
    "schema_merge": "it is for management",
    "sequence_detect": _NOT_YET,
    "session_count": _NOT_YET,
    "sliding_window_counts": _NOT_YET,
    "sql_request": _OUTSIDE,
}
"""Plug-ins that are not supported, and why."""

EVALUATING = {Evaluate: evaluate}
"""The operators of this file."""
