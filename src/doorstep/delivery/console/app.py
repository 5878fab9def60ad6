"""The console as an application of its own: its routes, what guards them, and what every answer carries."""

from __future__ import annotations

from functools import partial

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from doorstep.bootstrap import App
from doorstep.delivery.console import page
from doorstep.delivery.console.ask import ROOT, Ask, Page, entry
from doorstep.delivery.console.pages import (
    availability,
    components,
    connections,
    counts,
    files,
    fulfillment,
    home,
    inventory,
    lab,
    lab_trial,
    letters,
    login,
    network,
    order,
    orders,
    receiving,
    replenishment,
    returns,
    routing,
    routing_edit,
    routing_work,
    rules,
    settings,
    supplies,
    transfers,
)
from doorstep.domain.identity.model import Permission as May
from doorstep.kernel import errors, log

_log = log.get(__name__)

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

# Path, page, what one must be permitted to.
READS: tuple[tuple[str, Page, May | None], ...] = (
    ("/", home.show, May.ORDERS_READ),
    ("/pulse", home.pulse, None),
    ("/search", orders.search, May.ORDERS_READ),
    ("/orders", orders.show, May.ORDERS_READ),
    ("/orders/{order_id:int}", order.show, May.ORDERS_READ),
    ("/orders/{order_id:int}/decisions", order.decided, May.ORDERS_READ),
    ("/orders/{order_id:int}/decisions.json", order.decided_json, May.RULES_READ),
    ("/labels/{shipment_id:int}.pdf", order.label, May.FULFILLMENT_READ),
    ("/fulfillment", fulfillment.locations, May.FULFILLMENT_READ),
    ("/fulfillment/{location_id:int}", fulfillment.board, May.FULFILLMENT_READ),
    ("/station/{work_id:int}", fulfillment.station, May.FULFILLMENT_READ),
    ("/locations/{location_id:int}", network.location, May.FULFILLMENT_READ),
    ("/network", network.show, May.RULES_READ),
    ("/network/edit", network.edit, May.RULES_WRITE),
    ("/inventory", inventory.show, May.INVENTORY_READ),
    ("/inventory/{sku}/{location_id:int}", inventory.cell, May.INVENTORY_READ),
    ("/availability/{sku}", availability.show, May.INVENTORY_READ),
    ("/atp-rules", rules.show, May.INVENTORY_READ),
    ("/atp-rules/new", rules.new, May.INVENTORY_WRITE),
    ("/atp-rules/{rule_id:int}", rules.one, May.INVENTORY_READ),
    ("/supplies", supplies.show, May.INVENTORY_READ),
    ("/supplies/{supply_id:int}", supplies.one, May.INVENTORY_READ),
    ("/transfers", transfers.show, May.INVENTORY_READ),
    ("/transfers/{transfer_id:int}", transfers.one, May.INVENTORY_READ),
    ("/receiving", receiving.show, May.INVENTORY_READ),
    ("/receiving/new", receiving.station, May.STOCK_WORK),
    ("/receipts/{receipt_id:int}", receiving.one, May.INVENTORY_READ),
    ("/counts", counts.show, May.INVENTORY_READ),
    ("/counts/{count_id:int}", counts.one, May.INVENTORY_READ),
    ("/replenishment", replenishment.show, May.INVENTORY_READ),
    ("/files", files.show, May.CONNECTIONS_READ),
    ("/files/stock.csv", files.stock, May.INVENTORY_READ),
    ("/files/movements.csv", files.movements, May.INVENTORY_READ),
    ("/files/rules.csv", files.rules, May.INVENTORY_READ),
    ("/files/sell-ahead.csv", files.sell_ahead, May.INVENTORY_READ),
    ("/files/parts.csv", files.parts, May.INVENTORY_READ),
    ("/files/{import_id:int}", files.one, May.CONNECTIONS_READ),
    ("/files/{import_id:int}/problems.csv", files.problems, May.CONNECTIONS_READ),
    ("/feeds/{feed_id:int}", files.feed, May.CONNECTIONS_READ),
    ("/returns", returns.show, May.RETURNS_READ),
    ("/returns/{return_id:int}", returns.one, May.RETURNS_READ),
    ("/routing", routing.show, May.RULES_READ),
    ("/routing/queues", routing_work.queues, May.RULES_READ),
    ("/routing/runs", routing_work.runs, May.RULES_READ),
    ("/routing/history", routing.history, May.RULES_READ),
    ("/routing/cases", routing.cases, May.RULES_READ),
    ("/routing/lab", lab.show, May.RULES_READ),
    ("/routing/lab/{run_id:int}", lab.one, May.RULES_READ),
    ("/routing/lab/{run_id:int}/changes.csv", lab.changes_csv, May.RULES_READ),
    ("/routing/edit", routing_edit.show, May.RULES_WRITE),
    ("/routing/versions/{number:int}", routing.version, May.RULES_READ),
    ("/routing/versions/{number:int}.yaml", routing.as_yaml, May.RULES_READ),
    ("/connections", connections.show, May.CONNECTIONS_READ),
    ("/dead-letters", letters.show, May.DEAD_LETTERS_READ),
    ("/dead-letters/{source}/{letter_id:int}", letters.one, May.DEAD_LETTERS_READ),
    ("/settings", settings.show, May.USERS_WRITE),
    ("/components", components.show, None),
)
VERBS: tuple[tuple[str, Page, May | None], ...] = (
    ("/logout", login.sign_out, None),
    ("/orders/{order_id:int}/hold", order.hold, May.ORDERS_WRITE),
    ("/orders/{order_id:int}/release", order.release, May.ORDERS_WRITE),
    ("/orders/{order_id:int}/cancel", order.cancel_order, May.ORDERS_WRITE),
    ("/orders/{order_id:int}/notes", order.add_note, May.ORDERS_WRITE),
    ("/orders/{order_id:int}/shipments/{shipment_id:int}/retry-label", order.retry_label, May.ORDERS_WRITE),
    ("/orders/{order_id:int}/refunds/{refund_id:int}/retry", order.retry_refund, May.ORDERS_WRITE),
    ("/station/{work_id:int}/accept", fulfillment.accept, May.FULFILLMENT_WRITE),
    ("/station/{work_id:int}/pick", fulfillment.pick, May.FULFILLMENT_WRITE),
    ("/station/{work_id:int}/pick-all", fulfillment.pick_all, May.FULFILLMENT_WRITE),
    ("/station/{work_id:int}/pack", fulfillment.pack, May.FULFILLMENT_WRITE),
    ("/station/{work_id:int}/ship", fulfillment.ship, May.FULFILLMENT_WRITE),
    ("/station/{work_id:int}/close", fulfillment.close, May.FULFILLMENT_WRITE),
    ("/station/{work_id:int}/ask-back", fulfillment.ask_back, May.ORDERS_WRITE),
    ("/station/{work_id:int}/keep", fulfillment.keep, May.FULFILLMENT_WRITE),
    ("/station/{work_id:int}/reject", fulfillment.reject, May.FULFILLMENT_WRITE),
    ("/locations/{location_id:int}/pause", network.pause, May.FULFILLMENT_WRITE),
    ("/locations/{location_id:int}/resume", network.resume, May.FULFILLMENT_WRITE),
    ("/network/carrier-out", network.carrier_out, May.RULES_WRITE),
    ("/network/carrier-back", network.carrier_back, May.RULES_WRITE),
    ("/network/edit/look", network.look, May.RULES_WRITE),
    ("/network/edit/apply", network.apply, May.RULES_WRITE),
    ("/inventory/{sku}/{location_id:int}/adjust", inventory.adjust, May.INVENTORY_WRITE),
    ("/availability/{sku}/sell-ahead", availability.sell_ahead, May.INVENTORY_WRITE),
    ("/atp-rules/new/save", rules.create, May.INVENTORY_WRITE),
    ("/atp-rules/{rule_id:int}/save", rules.change, May.INVENTORY_WRITE),
    ("/atp-rules/{rule_id:int}/switch", rules.switch, May.INVENTORY_WRITE),
    ("/atp-rules/put-source", rules.put_source, May.INVENTORY_WRITE),
    ("/atp-rules/forget-source", rules.forget_source, May.INVENTORY_WRITE),
    ("/supplies/announce", supplies.announce, May.INVENTORY_WRITE),
    ("/supplies/{supply_id:int}/change", supplies.change, May.INVENTORY_WRITE),
    ("/supplies/{supply_id:int}/close", supplies.close, May.INVENTORY_WRITE),
    ("/supplies/{supply_id:int}/cancel", supplies.cancel, May.INVENTORY_WRITE),
    ("/transfers/draft", transfers.draft, May.STOCK_WORK),
    ("/transfers/{transfer_id:int}/change", transfers.change, May.STOCK_WORK),
    ("/transfers/{transfer_id:int}/request", transfers.request, May.STOCK_WORK),
    ("/transfers/{transfer_id:int}/ship", transfers.ship, May.STOCK_WORK),
    ("/transfers/{transfer_id:int}/cancel", transfers.cancel, May.STOCK_WORK),
    ("/receiving/scan", receiving.station, May.STOCK_WORK),
    ("/receiving/book", receiving.book, May.STOCK_WORK),
    ("/counts/open", counts.open_count, May.STOCK_WORK),
    ("/counts/{count_id:int}/scan", counts.scan, May.STOCK_WORK),
    ("/counts/{count_id:int}/write", counts.write, May.STOCK_WORK),
    ("/counts/{count_id:int}/hand-in", counts.hand_in, May.STOCK_WORK),
    ("/counts/{count_id:int}/approve", counts.approve, May.INVENTORY_WRITE),
    ("/counts/{count_id:int}/recount", counts.recount, May.INVENTORY_WRITE),
    ("/counts/{count_id:int}/cancel", counts.cancel, May.INVENTORY_WRITE),
    ("/replenishment/put", replenishment.put, May.INVENTORY_WRITE),
    ("/replenishment/remove", replenishment.remove, May.INVENTORY_WRITE),
    ("/replenishment/draft", replenishment.draft, May.INVENTORY_WRITE),
    ("/files/bring-in", files.bring_in, May.INVENTORY_WRITE),
    ("/files/{import_id:int}/go-on", files.go_on, May.INVENTORY_WRITE),
    ("/returns/{return_id:int}/receive", returns.receive, May.RETURNS_WRITE),
    ("/returns/{return_id:int}/inspect", returns.inspect, May.RETURNS_WRITE),
    ("/routing/runs/now", routing_work.run_now, May.RULES_WRITE),
    ("/routing/edit/change", routing_edit.edit, May.RULES_WRITE),
    ("/routing/lab/simulate", lab.simulate, May.RULES_WRITE),
    ("/routing/lab/{run_id:int}/cancel", lab.cancel, May.RULES_WRITE),
    ("/routing/lab/{run_id:int}/delete", lab.delete, May.RULES_WRITE),
    ("/routing/lab/trial/start", lab_trial.start, May.RULES_WRITE),
    ("/routing/lab/trial/stop", lab_trial.stop, May.RULES_WRITE),
    ("/routing/lab/trial/promote", lab_trial.promote, May.RULES_WRITE),
    ("/routing/lab/trial/{trial_id:int}/see", lab_trial.see, May.RULES_WRITE),
    ("/routing/versions/{number:int}/activate", routing.activate, May.RULES_WRITE),
    ("/routing/versions/{number:int}/roll-back", routing.roll_back, May.RULES_WRITE),
    ("/routing/versions/{number:int}/archive", routing.archive, May.RULES_WRITE),
    ("/dead-letters/redrive", letters.redrive, May.DEAD_LETTERS_WRITE),
    ("/dead-letters/discard", letters.discard, May.DEAD_LETTERS_WRITE),
    ("/settings/users", settings.add_user, May.USERS_WRITE),
    ("/settings/users/{user_id:int}/password", settings.set_password, May.USERS_WRITE),
    ("/settings/users/{user_id:int}/active", settings.set_active, May.USERS_WRITE),
    ("/settings/keys", settings.add_key, May.USERS_WRITE),
    ("/settings/keys/{key_id:int}/revoke", settings.revoke_key, May.USERS_WRITE),
)


def routes(app: App) -> list[BaseRoute]:
    """What the web process adds: the console at /console, with its security headers."""
    return [
        Route(ROOT, lambda _request: RedirectResponse(f"{ROOT}/", status_code=303), methods=["GET"]),
        Mount(ROOT, SecurityHeaders(create(app))),
    ]


def create(app: App) -> Starlette:
    """The console as an application, to be mounted at /console."""
    handlers = {errors.DoorstepError: _expected, HTTPException: _no_such_page, Exception: _unexpected}
    return Starlette(routes=_pages(app), exception_handlers=handlers)


def _pages(app: App) -> list[BaseRoute]:
    """Every page and verb, below the place where the console is mounted."""
    found: list[BaseRoute] = [
        Route("/login", partial(login.show, app), methods=["GET"]),
        Route("/login", partial(login.submit, app), methods=["POST"]),
        Mount(f"/static/{page.VERSION}", Forever(directory=page.HERE / "static")),
    ]
    found += [Route(path, entry(app, each, permission=may), methods=["GET"]) for path, each, may in READS]
    found += [Route(path, entry(app, each, permission=may), methods=["POST"]) for path, each, may in VERBS]
    # A verb's address, loaded again after its page was replaced, is the page it stands on.
    found += [Route(path, _up, methods=["GET"]) for path, _, _ in VERBS]
    return found


async def _up(request: Request) -> Response:
    return RedirectResponse(request.url.path.rpartition("/")[0] or ROOT, status_code=303)


class Forever(StaticFiles):
    """Files whose address changes with their content may be kept by browsers."""

    def file_response(self, *args: object, **kwargs: object) -> Response:
        response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]  # Starlette's own arguments, unchanged
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


class SecurityHeaders:
    """Puts the headers on every answer, errors and files too."""

    def __init__(self, inner: ASGIApp) -> None:
        self.inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(SECURITY_HEADERS)
            await send(message)

        await self.inner(scope, receive, with_headers)


async def _expected(request: Request, problem: Exception) -> Response:
    ask: Ask | None = getattr(request.state, "ask", None)
    if not isinstance(problem, errors.DoorstepError):
        raise problem
    if ask is None:
        return page.plain("Try again in a moment", problem.message, status=page.status_of(problem))
    return await run_in_threadpool(page.problem_page, ask, problem)


async def _no_such_page(request: Request, problem: Exception) -> Response:
    status = problem.status_code if isinstance(problem, HTTPException) else 404
    return page.plain(
        "There is no such page", "Check the address, or start at the console's home.", status=status
    )


async def _unexpected(request: Request, problem: Exception) -> Response:
    ask: Ask | None = getattr(request.state, "ask", None)
    trace = ask.trace_id if ask else "none"
    _log.error("console page failed", path=request.url.path, trace_id=trace, exc_info=problem)
    message = f"It is our fault, not yours, and it is in the log under trace {trace}. Nothing was changed. Try again."
    return page.plain("Something went wrong", message, status=500)
