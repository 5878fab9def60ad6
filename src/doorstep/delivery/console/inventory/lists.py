"""The inventory grid as a list of SKUs with a column for each location, and the movements of one position."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from doorstep.delivery.console import badges, cells, lists
from doorstep.delivery.console.cells import At, Cell, Count, Link, Stock, Text
from doorstep.delivery.console.lists import Choice, Column, ListPage, Query, Slice, Tick
from doorstep.delivery.console.request import PageRequest
from doorstep.domain.inventory.model import Condition
from doorstep.domain.inventory.views import MovementRow, grid
from doorstep.domain.inventory.views.grid import GridFilter, GridRow
from doorstep.domain.network.model import Location
from doorstep.kernel.db import ReadTx
from doorstep.kernel.i18n import gettext as _
from doorstep.kernel.i18n import mark as _m
from doorstep.kernel.i18n import plural

_SKUS, _MOVEMENTS = 50, 60


def stock_list(req: PageRequest, locations: Sequence[Location], chosen: int | None) -> ListPage[GridRow]:
    """SKUs with their stock at each location (or at the chosen one)."""

    def fetch(tx: ReadTx, query: Query, limit: int) -> Slice[GridRow]:
        wanted = GridFilter(
            lists.keyset(query, grid.GRID, limit),
            query.get("q").strip(),
            chosen,
            only_available=bool(query.get("available")),
            only_missing=bool(query.get("missing")),
        )
        rows = grid.rows(tx, wanted=wanted)
        return Slice(rows, grid.GRID.cursor([each.totals for each in rows], wanted.page))

    filters: list[Choice | Tick] = []
    if req.location_id is None:
        options = [("", _m("Any location")), *((str(each.id), each.name) for each in locations)]
        filters.append(Choice("location", _m("Location"), options))
    shown = [each for each in locations if each.active and chosen in (None, each.id)]
    is_single = chosen is not None
    return ListPage(
        path="/inventory",
        columns=(
            *_totals(is_single=is_single),
            *(each for location in shown for each in _at(location, is_single)),
        ),
        fetch=fetch,
        noun=plural("{n} SKU", "{n} SKUs"),
        search=_m("SKU, name or barcode"),
        filters=[*filters, Tick("available", _m("Available only")), Tick("missing", _m("Not found only"))],
        sort="sku",
        rows_a_page=_SKUS,
        look="cards grid single" if is_single else "cards grid",
    )


def _availability(sku: str) -> str:
    return f"/availability/{quote(sku)}"


def _sku(row: GridRow) -> Sequence[Cell]:
    each = row.totals
    kind = ", ".join(filter(None, (each.color, each.size)))
    title = " · ".join(filter(None, (each.title, kind)))
    return [Link(each.sku, _availability(each.sku), "code strong"), Text(title, "grid-title muted", value="")]


def _everywhere(row: GridRow) -> Cell:
    each = row.totals
    title = _("{hand} on hand, {reserved} reserved, {claimed} committed")
    words = title.format(hand=each.on_hand, reserved=each.reserved, claimed=each.claimed)
    return Stock(each.available, each.on_hand, each.reserved, _availability(each.sku), words)


def _committed(row: GridRow) -> Sequence[Cell]:
    each = row.totals
    if not each.claimed:
        return [cells.NONE]
    return [Count(each.claimed), Text(f"{each.held} · {each.committed}", "muted", value="")]


def _totals(*, is_single: bool) -> Sequence[Column[GridRow]]:
    return (
        Column(_m("SKU"), _sku, "s1 grid-sku", "sku"),
        Column(_m("Name"), lambda row: Text(row.totals.title), sort="title", only_in_file=True),
        Column(_m("Color"), lambda row: lists.text(row.totals.color), only_in_file=True),
        Column(_m("Size"), lambda row: lists.text(row.totals.size), only_in_file=True),
        Column(
            _m("Here") if is_single else _m("All locations"),
            _everywhere,
            "num minor" if is_single else "num s2",
            "available",
            title=_m("Available at all locations, less cart reservations and backorders"),
        ),
        Column(_m("On hand"), lambda row: Count(row.totals.on_hand), sort="on_hand", only_in_file=True),
        Column(_m("Reserved"), lambda row: Count(row.totals.reserved), only_in_file=True),
        Column(
            _m("Committed"),
            _committed,
            "num asked minor",
            "claimed",
            title=_m("Reserved by carts and checkouts, and committed to backorders"),
        ),
        Column(
            _m("Incoming"),
            lambda row: Count(row.totals.incoming) if row.totals.incoming else cells.NONE,
            "num asked minor",
            "incoming",
            title=_m("On open purchase orders and transfers"),
        ),
    )


def _at(location: Location, is_single: bool) -> Sequence[Column[GridRow]]:
    """What stands at a location: a column on the screen, and its numbers in the file."""

    def stock(row: GridRow) -> Sequence[Cell]:
        found = row.new.get(location.id)
        others = [
            Text(f"+{each.on_hand}", "other", value="", title=_other(each.condition, each.on_hand))
            for each in row.other.get(location.id, ())
        ]
        if found is None:
            return others or [cells.NONE]
        sentence = _("{hand} on hand, {reserved} reserved at {place}")
        words = sentence.format(hand=found.on_hand, reserved=found.reserved, place=location.name)
        path = f"/inventory/{quote(row.totals.sku)}/{location.id}"
        free = found.on_hand - found.reserved
        return [Stock(free, found.on_hand, found.reserved, path, words, opens_drawer=True), *others]

    def number(name: str) -> Column[GridRow]:
        def of(row: GridRow) -> Cell:
            found = row.new.get(location.id)
            return Count(getattr(found, name)) if found else cells.NONE

        words = {"on_hand": _("{place}: on hand"), "reserved": _("{place}: reserved")}[name]
        return Column(words.format(place=location.name), of, only_in_file=True)

    def other(row: GridRow) -> Cell:
        return Count(sum(each.on_hand for each in row.other.get(location.id, ())))

    label = _("{place}: other conditions").format(place=location.name)
    look = "num at-location s2" if is_single else "num at-location minor"
    title = f"{location.name}, {location.city}"
    return (
        Column(location.name, stock, look, title=title),
        number("on_hand"),
        number("reserved"),
        Column(label, other, only_in_file=True),
    )


def _other(condition: str, on_hand: int) -> str:
    return f"{badges.label('condition', condition)}: {on_hand}"


def movement_list(sku: str, location_id: int) -> ListPage[MovementRow]:
    """The movements of a SKU at a location, newest first."""

    def fetch(tx: ReadTx, query: Query, limit: int) -> Slice[MovementRow]:
        wanted = lists.keyset(query, grid.MOVEMENTS, limit)
        rows = grid.movements(tx, sku=sku, location_id=location_id, page=wanted)
        return lists.cut(rows, grid.MOVEMENTS, wanted)

    return ListPage(
        path=f"/inventory/{quote(sku)}/{location_id}",
        columns=(
            Column(_m("When"), lambda row: At(row.occurred_at), "s1", "id"),
            Column(_m("Movement"), _movement, "s2", "type"),
            Column(_m("Condition"), lambda row: _condition(row.condition), only_in_file=True),
            _change(_m("On hand"), "on_hand_change", "s3"),
            _change(_m("Reserved"), "reserved_change", "s4"),
            _change(_m("Incoming"), "incoming_change", "s6"),
            Column(_m("Cause"), _cause, "s5"),
            Column(_m("Reason"), lambda row: lists.text(row.reason), only_in_file=True),
        ),
        fetch=fetch,
        noun=plural("{n} movement", "{n} movements"),
        sort="-id",
        rows_a_page=_MOVEMENTS,
        look="small",
    )


def _movement(row: MovementRow) -> Sequence[Cell]:
    word = Text(badges.label("movement", row.type))
    if row.condition == Condition.NEW:
        return [word]
    return [word, Text(badges.label("condition", row.condition), "muted", value="")]


def _condition(condition: str) -> Cell:
    return Text(badges.label("condition", condition))


def _change(label: str, name: str, slot: str) -> Column[MovementRow]:
    def of(row: MovementRow) -> Cell:
        change = getattr(row, name)
        return Count(change, is_change=True) if change else cells.NONE

    return Column(label, of, f"num {slot}", name)


def _cause(row: MovementRow) -> Sequence[Cell]:
    cause: Cell = (
        Link(row.cause, f"/orders/{row.order_id}", "code") if row.order_id else Text(row.cause, "code")
    )
    return [cause, Text(row.reason, "muted", value="")] if row.reason else [cause]
