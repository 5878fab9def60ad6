"""Build the label request: contents, weight, addresses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from doorstep.domain.catalog import views as catalog
from doorstep.domain.catalog.model import Item
from doorstep.domain.fulfillment.model import Work
from doorstep.domain.network import views as network
from doorstep.domain.network.model import Location
from doorstep.domain.orders import views as order_views
from doorstep.domain.orders.model import Address
from doorstep.domain.returns.actions import Return
from doorstep.domain.shipping.actions import Contents, NewParcel, Shipment, ShipmentLine
from doorstep.domain.shipping.model import Direction, LabelRequest, Packaging, Packed, ParcelItem, Party
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx
from doorstep.kernel.ids import LocationId, Sku


def for_works(tx: ReadTx, *, works: Sequence[Work], connection_id: int, packaging: Packaging) -> NewParcel:
    """One parcel with everything of these fulfillment orders."""
    contents = tuple(Contents(work.order_id, work.id, None, _lines(work, _all_of(work))) for work in works)
    weight = packaging.weight_grams + sum(_weight(tx, each.lines) for each in contents)
    return NewParcel(Direction.OUTBOUND, works[0].location_id, connection_id, weight, contents)


def for_packed(
    tx: ReadTx, *, work: Work, packed: Packed, connection_id: int, packaging: Packaging
) -> NewParcel:
    """One of the parcels of a fulfillment order, as a person packed it: the measured weight counts."""
    lines = _lines(work, packed.units)
    weight = packed.weight_grams or packaging.weight_grams + _weight(tx, lines)
    contents = (Contents(work.order_id, work.id, None, lines),)
    return NewParcel(Direction.OUTBOUND, work.location_id, connection_id, weight, contents, packed.size)


def _all_of(work: Work) -> dict[int, int]:
    return {line.line_no: line.quantity for line in work.lines}


def _lines(work: Work, units: Mapping[int, int]) -> tuple[ShipmentLine, ...]:
    return tuple(
        ShipmentLine(line.line_no, line.sku, units[line.line_no])
        for line in work.lines
        if units.get(line.line_no)
    )


def for_return(
    tx: ReadTx, *, each: Return, location_id: LocationId, connection_id: int, packaging: Packaging
) -> NewParcel:
    """One parcel with everything of a return, picked up at the customer's address."""
    quantities = Counter[tuple[int, Sku]]()
    for line in each.lines:
        quantities[line.line_no, line.sku] += line.quantity
    lines = tuple(ShipmentLine(line_no, sku, quantity) for (line_no, sku), quantity in quantities.items())
    weight = packaging.weight_grams + _weight(tx, lines)
    contents = (Contents(each.order_id, None, each.id, lines),)
    return NewParcel(Direction.INBOUND, location_id, connection_id, weight, contents)


def _weight(tx: ReadTx, lines: tuple[ShipmentLine, ...]) -> int:
    items = catalog.items(tx, skus=[line.sku for line in lines])
    return sum(items[line.sku].weight_grams * line.quantity for line in lines)


def label_request(tx: ReadTx, *, parcel: Sequence[Shipment], packaging: Packaging) -> LabelRequest:
    """Everything the carrier needs, for either direction; the first order in the parcel names it."""
    shipment = parcel[0]
    order = order_views.order(tx, order_id=shipment.order_id)
    contents = tuple([each for part in parcel for each in _contents(tx, part)])
    here = _of_location(network.location(tx, location_id=shipment.location_id))
    customer = _of_address(order.shipping_address)
    is_outbound = shipment.direction is Direction.OUTBOUND
    declared = sum(item.unit_price_minor * item.quantity for item in contents)
    return LabelRequest(
        shipment_id=shipment.id,
        reference=shipment.label_reference,
        direction=shipment.direction,
        order_number=order.header.number,
        ordered_at=order.header.placed_at,
        sender=here if is_outbound else customer,
        recipient=customer if is_outbound else here,
        items=contents,
        weight_grams=shipment.weight_grams,
        size=shipment.size or packaging.size,
        currency=order.header.currency,
        declared_minor=declared,
        cod_minor=declared if order.header.on_delivery and is_outbound else 0,
    )


def _contents(tx: ReadTx, shipment: Shipment) -> list[ParcelItem]:
    order = order_views.order(tx, order_id=shipment.order_id)
    items = catalog.items(tx, skus=[line.sku for line in shipment.lines])
    return [_item(order, items, line) for line in shipment.lines]


def _item(order: order_views.Order, items: dict[str, Item], line: ShipmentLine) -> ParcelItem:
    item = items.get(line.sku)
    if item is None:
        raise errors.Invalid(f"The catalog no longer has {line.sku}: add it again.", field="sku")
    ordered = order.line(line.line_no)
    return ParcelItem(
        line.sku, ordered.title, line.quantity, ordered.unit_price_minor, item.weight_grams, item.hsn
    )


def _of_location(location: Location) -> Party:
    return Party(
        name=location.name,
        phone=location.phone,
        email=location.email,
        line1=location.line1,
        line2=location.line2,
        city=location.city,
        state=location.state,
        state_code=location.state_code,
        postal_code=location.postal_code,
        country=location.country,
        company=location.company,
        code=location.code,
    )


def _of_address(address: Address) -> Party:
    return Party(
        name=address.name,
        phone=address.phone,
        email=address.email,
        line1=address.line1,
        line2=address.line2,
        city=address.city,
        state=address.state,
        state_code=address.state_code,
        postal_code=address.postal_code,
        country=address.country,
        company=address.company,
    )
