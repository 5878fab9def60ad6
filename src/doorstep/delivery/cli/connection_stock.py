"""`doorstep connections stock`: the stock levels that a sales channel has and gets."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from doorstep.delivery.cli.opening import opened
from doorstep.delivery.cli.terminal import out
from doorstep.domain.inventory.views import publishing
from doorstep.flows.stock import publish
from doorstep.kernel.keyset import Keyset


def list_stock(
    key: str,
    state: Annotated[str, typer.Option(help="Only levels that are waiting or refused.")] = "",
    again: Annotated[bool, typer.Option("--send-again", help="Send all of them again first.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 20,
) -> None:
    """Show what a sales channel may sell, what it was sent, and what it refused."""
    with opened() as app:
        connection = app.registry.by_key(key)
        if again:
            count = app.db.transact(
                lambda tx: publish.send_again(tx, connection_id=connection.id), actor="cli"
            )
            out.print(f"{count} levels are sent again.")
        with app.db.read() as tx:
            counts = publishing.counts(tx, connection_id=connection.id)
            page = Keyset("sku", is_ascending=True, limit=limit)
            found = publishing.levels(tx, connection_id=connection.id, state=state, page=page)
    table = Table("SKU", "available", "sent", "when", "refused because", box=None, pad_edge=False)
    for each in found:
        sent_at = f"{each.sent_at:%Y-%m-%d %H:%M:%S}" if each.sent_at else ""
        sent = "" if each.sent is None else str(each.sent)
        table.add_row(each.sku, str(each.available), sent, sent_at, each.error)
    out.print(f"{counts.skus} SKUs, {counts.waiting} to send, {counts.refused} refused.")
    if found:
        out.print(table)
