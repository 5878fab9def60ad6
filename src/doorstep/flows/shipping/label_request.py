"""Build the label request: contents, weight, addresses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from doorstep.domain.catalog import views as catalog
from doorstep.domain.catalog.model import Item
from doorstep.domain.fulfillment.model import Work
from doorstep.domain.network import views as network
from doorstep.domain.network.model import Location
from doorstep.domain.orders import views as order_views
from doorstep.domain.orders.model import Address
from doorstep.domain.returns.actions import Return
from doorstep.domain.shipping.actions import Intent, Shipment, ShipmentLine
from doorstep.domain.shipping.model import Direction, Label, LabelRequest, Packaging, ParcelItem, Party
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx
from doorstep.kernel.ids import LocationId, Sku


def for_works(tx: ReadTx, *, works: Sequence[Work], connection_id: int, packaging: Packaging) -> list[Intent]:
    """One parcel with everything of these fulfillment orders; the first has the weight of all and of the box."""
    weights = [_weight(tx, _lines(work)) for work in works]
    parcel_grams = sum(weights) + packaging.weight_grams
    return [
        Intent(
            work.order_id,
            work.id,
            None,
            Direction.OUTBOUND,
            work.location_id,
            connection_id,
            parcel_grams if number == 0 else weight,
            _lines(work),
        )
        for number, (work, weight) in enumerate(zip(works, weights, strict=True))
    ]


def _lines(work: Work) -> tuple[ShipmentLine, ...]:
    return tuple(ShipmentLine(line.line_no, line.sku, line.quantity) for line in work.lines)


def shared(label: Label) -> Label:
    """The label as the companions see it: paid and printed once."""
    return replace(label, cost_minor=0, pdf=b"")


def for_return(
    tx: ReadTx, *, each: Return, location_id: LocationId, connection_id: int, packaging: Packaging
) -> Intent:
    """One parcel with everything of a return, picked up at the customer's address."""
    quantities = Counter[tuple[int, Sku]]()
    for line in each.lines:
        quantities[line.line_no, line.sku] += line.quantity
    lines = tuple(ShipmentLine(line_no, sku, quantity) for (line_no, sku), quantity in quantities.items())
    weight = packaging.weight_grams + _weight(tx, lines)
    return Intent(each.order_id, None, each.id, Direction.INBOUND, location_id, connection_id, weight, lines)


def _weight(tx: ReadTx, lines: tuple[ShipmentLine, ...]) -> int:
    items = catalog.items(tx, skus=[line.sku for line in lines])
    return sum(items[line.sku].weight_grams * line.quantity for line in lines)


def label_request(
    tx: ReadTx, shipment: Shipment, *, packaging: Packaging, companions: Sequence[Shipment] = ()
) -> LabelRequest:
    """Everything the carrier needs, for either direction; `companions` are other orders' units in the same parcel."""
    order = order_views.order(tx, order_id=shipment.order_id)
    contents = tuple([each for part in (shipment, *companions) for each in _contents(tx, part)])
    here = _of_location(network.location(tx, location_id=shipment.location_id))
    customer = _of_address(order.shipping_address)
    is_outbound = shipment.direction is Direction.OUTBOUND
    declared = sum(item.unit_price_minor * item.quantity for item in contents)
    return LabelRequest(
        shipment_id=shipment.id,
        reference=shipment.reference,
        direction=shipment.direction,
        order_number=order.header.number,
        ordered_at=order.header.placed_at,
        sender=here if is_outbound else customer,
        recipient=customer if is_outbound else here,
        items=contents,
        weight_grams=shipment.weight_grams,
        length_mm=packaging.length_mm,
        width_mm=packaging.width_mm,
        height_mm=packaging.height_mm,
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
