"""Refuse query parameters that a route does not have: a misspelled filter must not answer with every row."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel

from doorstep.kernel import errors


def refuse_unknown(request: Request) -> None:
    """Raise Invalid for the first query parameter that the route does not have, with the names of those it has."""
    route = request.scope["route"]
    if not isinstance(route, APIRoute) or not request.query_params:
        return
    known = sorted(set(_names(route.dependant)))
    unknown = next((name for name in request.query_params if name not in known), None)
    if unknown is not None:
        allowed = f"Known parameters: {', '.join(known)}." if known else "This path has no parameters."
        raise errors.Invalid(f"Unknown parameter {unknown}. {allowed}", field=unknown, known=known)


def _names(dependant: Dependant) -> Iterator[str]:
    for each in dependant.query_params:
        shape = each.field_info.annotation
        if isinstance(shape, type) and issubclass(shape, BaseModel):
            yield from (field.alias or name for name, field in shape.model_fields.items())
        else:
            yield each.alias
    for each_dependency in dependant.dependencies:
        yield from _names(each_dependency)
