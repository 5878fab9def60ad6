"""Apply what warehouses report about cartons that left, in whatever order and however often it comes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from doorstep.domain.fulfillment import views as work_views
from doorstep.domain.fulfillment.actions import warehouse as actions
from doorstep.domain.fulfillment.model import RejectReason, State, Work, cause, warehouse
from doorstep.domain.fulfillment.model.warehouse import (
    Carton,
    ShortLine,
    WarehouseOrder,
    WarehouseShipment,
    WarehouseState,
)
from doorstep.domain.inventory import actions as inventory
from doorstep.domain.inventory.actions import ReservationSplit
from doorstep.domain.shipping import views as parcels
from doorstep.flows.fulfillment import fulfill, reported_parcels
from doorstep.flows.fulfillment.warehouse_reports import locked_order
from doorstep.kernel import errors
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import FulfillmentOrderId


def ship(tx: WriteTx, *, connection_id: int, seen: WarehouseShipment, trace_id: str, now: datetime) -> None:
    """Ship the cartons that are not known yet, and allocate elsewhere what the warehouse does not ship.

    Part of a fulfillment order that ships alone becomes a fulfillment order of its own. Raises Invalid for units that
    the order does not have, Refused for an order that ended here: its goods have left all the same.
    """
    order = locked_order(tx, connection_id=connection_id, reference=seen.reference, trace_id=trace_id)
    new = [each for each in seen.cartons if not _is_known(tx, connection_id, each)]
    if not new and order.state is WarehouseState.SHIPPED:
        return
    work = work_views.work(tx, fulfillment_order_id=order.fulfillment_order_id)
    if work.state in {State.CANCELED, State.REJECTED, State.SHIPPED}:
        if not new:
            return
        raise errors.Refused(
            f"The warehouse shipped {seen.reference}, but this fulfillment order is {work.state.value} here: "
            "stop the parcel or expect a return, and correct the stock."
        )
    short = warehouse.units_of(seen.short)
    warehouse.check_units(work.lines, _sum(short, new), doing="reports")
    at = min(seen.shipped_at, now)
    left = _give_up(tx, order, work, seen.short, now) if short else work
    if new and left is not None:
        _ship(tx, order, left, new, at)


def _is_known(tx: WriteTx, connection_id: int, carton: Carton) -> bool:
    return bool(
        parcels.tracked(tx, connection_id=connection_id, tracking_number="", external_id=carton.external_id)
    )


def _sum(short: Mapping[int, int], cartons: list[Carton]) -> dict[int, int]:
    units = dict(short)
    for line_no, quantity in warehouse.units_of([line for each in cartons for line in each.lines]).items():
        units[line_no] = units.get(line_no, 0) + quantity
    return units


def _give_up(
    tx: WriteTx, order: WarehouseOrder, work: Work, short: tuple[ShortLine, ...], now: datetime
) -> Work | None:
    """Reject the units that the warehouse does not have; returns the work that is left, None if that is nothing."""
    for is_damaged in (False, True):
        units = warehouse.units_of([each for each in short if each.is_damaged is is_damaged])
        if not units:
            continue
        note = next((each.reason for each in short if each.is_damaged is is_damaged and each.reason), "")
        reason = RejectReason.DAMAGED if is_damaged else RejectReason.NOT_IN_STOCK
        is_rest = warehouse.is_all(work.lines, units)
        work_id = work.id if is_rest else _part(tx, work, units, now)
        if is_rest:
            actions.enter(tx, order=order, state=WarehouseState.REFUSED, error=note)
        fulfill.reject_for_warehouse(tx, fulfillment_order_id=work_id, reason=reason, note=note, now=now)
        if is_rest:
            return None
        work = work_views.work(tx, fulfillment_order_id=work.id)
    return work


def _part(tx: WriteTx, work: Work, units: Mapping[int, int], at: datetime) -> FulfillmentOrderId:
    """Take units out of the work, with their stock, into a fulfillment order of its own."""
    part_id = actions.take_out(tx, fulfillment_order_id=work.id, units=units)
    whole = {line.line_no: line.quantity for line in work.lines}
    splits = []
    for line_no, taken in units.items():
        left = whole[line_no] - taken
        parts = {cause(part_id, line_no): taken} | ({cause(work.id, line_no): left} if left else {})
        splits.append(ReservationSplit(cause(work.id, line_no), work.order_id, whole[line_no], parts))
    inventory.split_reservations(tx, splits=splits, at=at)
    return part_id


def _ship(tx: WriteTx, order: WarehouseOrder, work: Work, cartons: list[Carton], at: datetime) -> None:
    units = _sum({}, cartons)
    if warehouse.is_all(work.lines, units):
        actions.enter(tx, order=order, state=WarehouseState.SHIPPED)
        work_id = work.id
    else:
        work_id = _part(tx, work, units, at)
    reported_parcels.ship(tx, work_id=work_id, cartons=cartons, connection_id=order.connection_id, at=at)
