"""Transfers: what goes from one place to another, and the steps that a person at either end may take."""

from __future__ import annotations

from collections.abc import Callable

from starlette.responses import Response

from doorstep.delivery.console import page
from doorstep.delivery.console.ask import ROOT, Ask
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.routes import Read, Routes, Verb
from doorstep.domain.identity.model import Permission
from doorstep.domain.inventory.actions import transfers as verbs
from doorstep.domain.inventory.actions.transfers import Command
from doorstep.domain.inventory.model.transfers import TRANSFER_ACTIONS, Plan, TransferState, Wanted
from doorstep.domain.inventory.views import counts as names
from doorstep.domain.inventory.views import transfers as view
from doorstep.domain.inventory.views.transfers import TransferFilter
from doorstep.domain.network import views as network
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import LocationId, Sku, TransferId

BACK = f"{ROOT}/transfers"
STATES = {
    TransferState.DRAFT: ("Draft", "neutral", "circle"),
    TransferState.REQUESTED: ("To be sent", "info", "calendar"),
    TransferState.SHIPPED: ("On the road", "progress", "half"),
    TransferState.RECEIVED: ("Received", "success", "check"),
    TransferState.CANCELLED: ("Cancelled", "neutral", "cross"),
}
OPEN = (TransferState.DRAFT, TransferState.REQUESTED, TransferState.SHIPPED)
_PAGE = 100


def show(ask: Ask, toast: Toast | None = None, status: int = 200) -> Response:
    """Transfers, newest first."""
    wanted_state, before = ask.query("state") or "open", ask.query("before")
    states = OPEN if wanted_state == "open" else tuple(TransferState)
    wanted = TransferFilter(ask.location_id, states, int(before) if before.isdigit() else None, _PAGE)
    with ask.app.db.read() as tx:
        rows = view.rows(tx, wanted=wanted)
        places = network.locations(tx)
    context = {
        "rows": rows,
        "next": rows[-1].id if len(rows) == _PAGE else None,
        "places": places,
        "choices": [each for each in places.values() if each.active],
        "mine": ask.location_id,
        "query": {"state": wanted_state},
        "states": STATES,
        "may_work": ask.principal.can(Permission.STOCK_WORK),
        "form": ask.form if toast is not None and toast.meaning == "danger" else {},
    }
    return page.render(ask, "transfers/transfers.html", context, toast=toast, status=status)


def one(ask: Ask, toast: Toast | None = None, status: int = 200) -> Response:
    """One transfer with its lines and what may be done."""
    transfer_id = ask.number("transfer_id")
    with ask.app.db.read() as tx:
        found = view.transfer(tx, transfer_id=transfer_id)
        mine = (
            ask.location_id if ask.location_id in {found.origin_id, found.destination_id} else found.origin_id
        )
        ask.principal.require(Permission.INVENTORY_READ, at=mine)
        context = {
            "row": view.row(tx, transfer_id=transfer_id),
            "transfer": found,
            "titles": names.titles(tx, skus=[line.sku for line in found.lines]),
            "places": network.locations(tx),
            "actions": TRANSFER_ACTIONS[found.state],
            "may_send": ask.principal.can(Permission.STOCK_WORK)
            and ask.location_id in {None, found.origin_id},
            "may_receive": ask.principal.can(Permission.STOCK_WORK)
            and ask.location_id in {None, found.destination_id},
            "states": STATES,
        }
    return page.render(ask, "transfers/transfer.html", context, toast=toast, status=status)


def draft(ask: Ask) -> Response:
    """Write a transfer down."""
    made: list[int] = []

    def verb(tx: WriteTx) -> str:
        origin, destination = ask.whole("origin"), ask.whole("destination")
        if origin is None or destination is None:
            raise errors.Invalid("Choose where the goods come from and where they go.", field="origin")
        mine = ask.location_id if ask.location_id in {origin, destination} else LocationId(origin)
        ask.principal.require(Permission.STOCK_WORK, at=mine)
        lines = lines_of(tx, ask.form.get("lines", ""))
        ends = [network.location(tx, location_id=each).id for each in (origin, destination)]
        plan = Plan(ends[0], ends[1], lines, ask.form.get("reference", ""), ask.form.get("note", ""))
        made.extend(verbs.draft(tx, plans=[plan], at=ask.now))
        return f"Transfer {made[0]} is drafted: request it when the goods shall be set aside."

    answer = page.act(ask, verb, show=show, back=BACK)
    if made and not ask.is_fragment:
        answer.headers["location"] = f"{BACK}/{made[0]}"
    return answer


def lines_of(tx: ReadTx, text: str) -> list[Wanted]:
    """Lines as people paste them: a SKU or barcode and, after a space, a number (1 if none)."""
    told = [line.split() for line in text.replace(",", " ").replace(";", " ").splitlines() if line.strip()]
    known = names.scanned(tx, codes=[line[0] for line in told])
    total: dict[Sku, int] = {}
    for line in told:
        number = line[-1] if len(line) > 1 else "1"
        if not number.isdigit():
            raise errors.Invalid(f"{' '.join(line)!r}: write the SKU, a space, and how many.", field="lines")
        sku = known.get(line[0], Sku(line[0]))
        total[sku] = total.get(sku, 0) + int(number)
    return [Wanted(sku, quantity) for sku, quantity in total.items()]


def _act(ask: Ask, verb: Callable[[WriteTx, Command], None], said: str) -> Response:
    transfer_id = TransferId(ask.number("transfer_id"))

    def work(tx: WriteTx) -> str:
        found = view.transfer(tx, transfer_id=transfer_id)
        ask.principal.require(Permission.STOCK_WORK, at=found.origin_id)
        verb(tx, Command(transfer_id, ask.now, ask.whole("version")))
        return said

    return page.act(ask, work, show=one, back=f"{BACK}/{transfer_id}")


def request(ask: Ask) -> Response:
    """The goods are set aside at their origin."""
    return _act(
        ask, lambda tx, command: verbs.request(tx, command=command), "Requested: the goods are reserved."
    )


def ship(ask: Ask) -> Response:
    """The goods leave."""

    def verb(tx: WriteTx, command: Command) -> None:
        lines = view.transfer(tx, transfer_id=command.transfer_id).lines
        sent = {line.sku: ask.whole(f"sent-{line.sku}") for line in lines}
        verbs.ship(tx, command=command, sent={sku: quantity or 0 for sku, quantity in sent.items()})

    return _act(ask, verb, "Sent: the goods are on the road.")


def cancel(ask: Ask) -> Response:
    """Nothing is moved."""
    return _act(
        ask, lambda tx, command: verbs.cancel(tx, command=command), "Cancelled: what was reserved is free."
    )


def change(ask: Ask) -> Response:
    """A draft's lines anew."""
    return _act(
        ask,
        lambda tx, command: verbs.change(tx, command=command, lines=lines_of(tx, ask.form.get("lines", ""))),
        "The lines are changed.",
    )


ROUTES: Routes = (
    Read("/transfers", show, Permission.INVENTORY_READ),
    Read("/transfers/{transfer_id:int}", one, Permission.INVENTORY_READ),
    Verb("/transfers/draft", draft, Permission.STOCK_WORK),
    Verb("/transfers/{transfer_id:int}/change", change, Permission.STOCK_WORK),
    Verb("/transfers/{transfer_id:int}/request", request, Permission.STOCK_WORK),
    Verb("/transfers/{transfer_id:int}/ship", ship, Permission.STOCK_WORK),
    Verb("/transfers/{transfer_id:int}/cancel", cancel, Permission.STOCK_WORK),
)
