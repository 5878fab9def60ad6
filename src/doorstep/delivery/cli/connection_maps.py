"""`doorstep connections maps|map|unmap`: what a vendor calls something of ours."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from doorstep.delivery.cli.opening import opened
from doorstep.delivery.cli.terminal import out
from doorstep.domain.connections.model.maps import OUTGOING, MapKind
from doorstep.domain.connections.views import maps
from doorstep.flows.capture import connection_maps

_EXTERNAL = typer.Argument(help="The vendor's name, as in '1 Razorpay'.")


def list_maps(key: str) -> None:
    """List what a vendor calls our products, gateways, locations and more, and the names that nobody has mapped."""
    with opened() as app:
        connection = app.registry.by_key(key)
        with app.db.read() as tx:
            known = maps.listed(tx, connection_id=connection.id)
            unmapped = maps.unmapped(tx, connection_id=connection.id)
    table = Table("kind", "vendor's name", "ours", "by", box=None, pad_edge=False)
    for each in known:
        theirs, ours = (each.target, each.source) if each.kind in OUTGOING else (each.source, each.target)
        table.add_row(each.kind, theirs, ours, "suggested" if each.is_suggested else each.changed_by)
    for row in unmapped:
        names = ("not mapped", row.source) if row.kind in OUTGOING else (row.source, "not mapped")
        table.add_row(row.kind, *names, "")
    out.print(table if known or unmapped else f"{key} has no maps.")


def set_map(
    key: str,
    kind: MapKind,
    external: Annotated[str, _EXTERNAL],
    ours: Annotated[
        str, typer.Argument(help="Ours: a SKU, a gateway, a location code, a service, a carrier.")
    ],
) -> None:
    """Map a name, or replace its map. It counts from now on, and orders and parcels that waited for it go on."""
    with opened() as app:
        connection = app.registry.by_key(key)
        app.db.transact(
            lambda tx: connection_maps.set_map(
                app.context, tx, connection=connection, kind=kind, external_value=external, our_value=ours
            ),
            actor="cli",
        )
    out.print(f"{key}: {external} is {ours}.")


def remove_map(
    key: str,
    kind: MapKind,
    name: Annotated[str, typer.Argument(help="The vendor's name; of a carrier or a tax our name.")],
) -> None:
    """Remove a map."""
    with opened() as app:
        connection = app.registry.by_key(key)
        app.db.transact(
            lambda tx: connection_maps.remove_map(
                tx, connection=connection, kind=kind, external_value=name, our_value=name
            ),
            actor="cli",
        )
    out.print(f"{key}: {name} is no longer mapped.")
