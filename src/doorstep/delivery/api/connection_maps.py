"""Maps of connections: what a vendor calls something of ours, and what nobody has mapped."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from doorstep.delivery.api.access import Calling
from doorstep.domain.connections.model.maps import OUTGOING, MapKind
from doorstep.domain.connections.views import maps
from doorstep.domain.connections.views.maps import MapRow, Unmapped
from doorstep.flows.capture import connection_maps
from doorstep.kernel.db import ReadTx, WriteTx

router = APIRouter(tags=["Connections"])


MapKindName = Literal["gateway", "sku", "location", "method", "status", "carrier", "tax"]


class MapEntry(BaseModel):
    """What a vendor calls something of ours. `is_suggested`: found by the likeness of the names, not by a person."""

    kind: str
    external_value: str
    our_value: str
    is_suggested: bool
    changed_at: datetime
    changed_by: str


class UnmappedValue(BaseModel):
    """A name that nobody has mapped. Of carriers and taxes `external_value` is missing, else `our_value`.

    `suggestion` is what it probably means.
    """

    kind: str
    external_value: str
    our_value: str
    suggestion: str
    first_seen_at: datetime
    last_seen_at: datetime
    messages: int


class ConnectionMaps(BaseModel):
    """The maps of a connection and what is not mapped."""

    maps: list[MapEntry]
    unmapped: list[UnmappedValue]


class MapWanted(BaseModel):
    """A map to make or to replace."""

    kind: MapKindName = Field("gateway", description="What the name stands for.")
    external_value: str = Field(description="The vendor's name, as in `1 Razorpay`.", max_length=200)
    our_value: str = Field(
        description="Ours: the id of a gateway's connector as in `razorpay`, a SKU, the code of a location, a service of "
        "the network, a parcel status, a carrier or a tax as it is called here.",
        max_length=200,
    )


class MapRemoved(BaseModel):
    """A map to remove."""

    kind: MapKindName = Field("gateway", description="The kind of the map.")
    external_value: str = Field(description="The vendor's name.", max_length=200)
    our_value: str = Field("", description="Ours: it names the map of a carrier or a tax.", max_length=200)


def _entry(row: MapRow) -> MapEntry:
    theirs, ours = (row.target, row.source) if row.kind in OUTGOING else (row.source, row.target)
    return MapEntry(
        kind=row.kind,
        external_value=theirs,
        our_value=ours,
        is_suggested=row.is_suggested,
        changed_at=row.changed_at,
        changed_by=row.changed_by,
    )


def _unmapped(row: Unmapped, suggestions: Mapping[str, str]) -> UnmappedValue:
    is_ours = row.kind in OUTGOING
    return UnmappedValue(
        kind=row.kind,
        external_value="" if is_ours else row.source,
        our_value=row.source if is_ours else "",
        suggestion=suggestions.get(row.source, "") if row.kind == MapKind.SKU else "",
        first_seen_at=row.first_seen_at,
        last_seen_at=row.last_seen_at,
        messages=row.messages,
    )


def _of(tx: ReadTx, connection_id: int) -> ConnectionMaps:
    waiting = maps.unmapped(tx, connection_id=connection_id)
    suggestions = connection_maps.suggestions(tx, unmapped=waiting)
    return ConnectionMaps(
        maps=[_entry(each) for each in maps.listed(tx, connection_id=connection_id)],
        unmapped=[_unmapped(each, suggestions) for each in waiting],
    )


@router.get("/connections/{key}/maps")
def get_connection_maps(calling: Calling, key: str) -> ConnectionMaps:
    """Get what a vendor calls our products, gateways, locations and more, and the names that nobody has mapped."""
    connection = calling.app.registry.by_key(key)
    return calling.read(lambda tx: _of(tx, connection.id))


@router.put("/connections/{key}/maps")
def put_connection_map(calling: Calling, key: str, wanted: MapWanted) -> ConnectionMaps:
    """Map a name, or replace its map. It counts from now on, and orders and parcels that waited for it go on."""
    connection = calling.app.registry.by_key(key)

    def work(tx: WriteTx) -> ConnectionMaps:
        connection_maps.set_map(
            calling.app.context,
            tx,
            connection=connection,
            kind=MapKind(wanted.kind),
            external_value=wanted.external_value,
            our_value=wanted.our_value,
        )
        return _of(tx, connection.id)

    return calling.write(work)


@router.post("/connections/{key}/maps/remove")
def remove_connection_map(calling: Calling, key: str, wanted: MapRemoved) -> ConnectionMaps:
    """Remove a map; the name is suggested or listed as unmapped when it comes again."""
    connection = calling.app.registry.by_key(key)

    def work(tx: WriteTx) -> ConnectionMaps:
        connection_maps.remove_map(
            tx,
            connection=connection,
            kind=MapKind(wanted.kind),
            external_value=wanted.external_value,
            our_value=wanted.our_value,
        )
        return _of(tx, connection.id)

    return calling.write(work)
