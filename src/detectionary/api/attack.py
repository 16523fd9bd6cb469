"""`coverage` and `layer`: what of ATT&CK the rules that pass filters cover."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from detectionary.api.answering import answer, documented
from detectionary.api.editions import Workshop
from detectionary.api.parameters import Filtering
from detectionary.pages.attack.layers import Layer, layer_of
from detectionary.pages.attack.matrix import CoverageAnswer, coverage_answer
from detectionary.pages.part import encode_part


def router(workshop: Workshop) -> APIRouter:
    """The operations."""
    operations = APIRouter(tags=["ATT&CK"])

    @operations.get("/coverage", responses=documented(CoverageAnswer))
    async def coverage(request: Request, asked: Annotated[Filtering, Query()]) -> Response:
        """Count the rules that name each technique and tactic.

        Rules that only forward a vendor's alert are left out, unless the filters name `feed`.
        """
        return await answer(
            workshop, request, lambda library: encode_part(coverage_answer(library, asked.browse_request()))
        )

    @operations.get("/layer", responses=documented(Layer))
    async def layer(request: Request, asked: Annotated[Filtering, Query()]) -> Response:
        """Give a layer for the ATT&CK Navigator (format 4.5) of the rules that pass the filters.

        A technique's score is the number of rules that name it or one of its sub-techniques; rules are left out as from
        `coverage`.
        """
        return await answer(workshop, request, lambda library: encode_part(layer_of(library, asked.browse_request())))

    return operations
