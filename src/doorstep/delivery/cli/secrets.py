"""`doorstep secrets`: seal stored secrets again under a new key."""

from __future__ import annotations

import functools

import typer

from doorstep.delivery.cli.opening import opened
from doorstep.delivery.cli.terminal import out
from doorstep.kernel import sealed

commands = typer.Typer(
    help="The key that seals the secrets of connections (DOORSTEP_SECRET_KEY).", no_args_is_help=True
)


@commands.command("reseal")
def reseal() -> None:
    """Seal every stored secret under the first key of DOORSTEP_SECRET_KEY (new,old). Repeat it after an interruption."""
    resealed = unchanged = 0
    broken: list[str] = []
    place: sealed.Place | None = sealed.Place()
    with opened() as app:
        app.registry.require_key()
        while place is not None:
            work = functools.partial(sealed.reseal, vault=app.vault, place=place)
            batch = app.db.transact(work, actor="cli")
            resealed, unchanged, place = resealed + batch.resealed, unchanged + batch.unchanged, batch.then
            broken += batch.broken
        if not broken:
            app.db.transact(lambda tx: sealed.finish(tx, app.vault), actor="cli")
    out.print(f"Sealed under the new key: {resealed}. Sealed under it already: {unchanged}.")
    if broken:
        out.print(
            f"Sealed with a key that is not here: {', '.join(broken)}. Add that key to DOORSTEP_SECRET_KEY, or enter their "
            "secrets again; then repeat this. Keep the old key until then."
        )
        raise typer.Exit(1)
    out.print(
        "Nothing needs the old key any more. Remove it from DOORSTEP_SECRET_KEY once every process has the new one."
    )
