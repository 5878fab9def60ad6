"""The money of an order: decimal strings to minor units, so that lines, shipping, tax and tip add up to Amazon's total.

An item's proceeds are broken down by type. ITEM is the price of all its units, DISCOUNT is taken off (Amazon writes it with or
without a sign), TAX is on top where the total says so. Tax that Amazon collects and pays as marketplace facilitator is not the
seller's: it is left out. Gift wrap, cash-on-delivery fees and other charges are counted with shipping.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import msgspec

from doorstep.kernel import errors, parsing

_CHARGES = frozenset({"SHIPPING", "GIFT_WRAP", "COD_FEE", "OTHER"})
_FACILITATOR = "MARKETPLACE_FACILITATOR"


class Money(msgspec.Struct, rename="camel"):
    """An amount as a decimal string."""

    amount: Decimal
    currency_code: str


class Detail(msgspec.Struct, rename="camel"):
    """A part of a breakdown."""

    subtype: str = ""
    value: Money | None = None


class Breakdown(msgspec.Struct, rename="camel"):
    """Proceeds of one type."""

    type: str
    subtotal: Money
    status: str | None = None
    detailed_breakdowns: list[Detail] | None = None


class Proceeds(msgspec.Struct, rename="camel"):
    """What the order brings."""

    grand_total: Money | None = None
    breakdowns: list[Breakdown] | None = None


class ItemProceeds(msgspec.Struct, rename="camel"):
    """What an item brings."""

    breakdowns: list[Breakdown] | None = None


class Price(msgspec.Struct, rename="camel"):
    """The price of one unit."""

    unit_price: Money | None = None


class Product(msgspec.Struct, rename="camel"):
    """What is sold."""

    asin: str | None = None
    title: str | None = None
    seller_sku: str | None = None
    price: Price | None = None


class GiftOption(msgspec.Struct, rename="camel"):
    """Wrapping and words."""

    gift_message: str | None = None
    gift_wrap_level: str | None = None


class Packing(msgspec.Struct, rename="camel"):
    """How the item is packed."""

    gift_option: GiftOption | None = None


class Constraints(msgspec.Struct, rename="camel"):
    """What the delivery must do."""

    cash_on_delivery: str | None = None


class Shipping(msgspec.Struct, rename="camel"):
    """How the item is shipped."""

    shipping_constraints: Constraints | None = None


class ItemFulfillment(msgspec.Struct, rename="camel"):
    """How far the item is."""

    quantity_fulfilled: int = 0
    packing: Packing | None = None
    shipping: Shipping | None = None


class CancellationRequest(msgspec.Struct, rename="camel"):
    """Who wants to cancel the item, and why."""

    requester: str = ""
    cancel_reason: str | None = None


class CancellationExecution(msgspec.Struct, rename="camel"):
    """That the item was canceled, by whomever."""


class Cancellation(msgspec.Struct, rename="camel"):
    """A request to cancel, and what became of it."""

    cancellation_request: CancellationRequest | None = None
    cancellation_execution: CancellationExecution | None = None


class TaxCollection(msgspec.Struct, rename="camel"):
    """Who collects the tax."""

    model: str | None = None


class ItemTax(msgspec.Struct, rename="camel"):
    """Tax of the item."""

    tax_collections: list[TaxCollection] | None = None


class Item(msgspec.Struct, rename="camel"):
    """An item of an order."""

    order_item_id: str
    quantity_ordered: int
    product: Product
    proceeds: ItemProceeds | None = None
    fulfillment: ItemFulfillment | None = None
    cancellation: Cancellation | None = None
    tax: ItemTax | None = None

    @property
    def fulfilled(self) -> int:
        return self.fulfillment.quantity_fulfilled if self.fulfillment else 0

    @property
    def _gift(self) -> GiftOption:
        packing = self.fulfillment.packing if self.fulfillment else None
        return (packing.gift_option if packing else None) or GiftOption()

    @property
    def gift_message(self) -> str:
        return self._gift.gift_message or ""

    @property
    def gift_wrap(self) -> str:
        return self._gift.gift_wrap_level or ""

    @property
    def is_paid_on_delivery(self) -> bool:
        shipping = self.fulfillment.shipping if self.fulfillment else None
        constraints = (shipping.shipping_constraints if shipping else None) or Constraints()
        return constraints.cash_on_delivery == "MANDATORY"

    @property
    def is_canceled(self) -> bool:
        """What was shipped counts, whatever was executed afterwards."""
        execution = self.cancellation.cancellation_execution if self.cancellation else None
        return execution is not None and not self.fulfilled

    @property
    def is_cancel_requested(self) -> bool:
        return self.cancellation is not None and self.cancellation.cancellation_request is not None

    @property
    def cancel_reason(self) -> str:
        request = self.cancellation.cancellation_request if self.cancellation else None
        return (request.cancel_reason if request else None) or ""

    @property
    def is_marketplace_taxed(self) -> bool:
        collections = (self.tax.tax_collections if self.tax else None) or ()
        return any(each.model == _FACILITATOR for each in collections)


@dataclass(frozen=True, slots=True)
class Amounts:
    """The money of a line: unit price, discount and own tax of the whole line, and its share of shipping."""

    unit_minor: int
    discount_minor: int
    tax_minor: int
    charges_minor: int
    facilitator_tax_minor: int


@dataclass(frozen=True, slots=True)
class Totals:
    """The money of an order."""

    items: tuple[Amounts, ...]
    total_minor: int
    shipping_minor: int
    tax_minor: int
    tip_minor: int
    tax_included: bool


def currency_of(found: Proceeds | None, items: Sequence[Item]) -> str:
    """The order's currency; pending orders may have no amounts at all."""
    prices = (item.product.price.unit_price for item in items if item.product.price)
    known = [found.grand_total if found else None, *prices]
    return next((each.currency_code for each in known if each is not None), "")


def add_up(found: Proceeds | None, items: Sequence[Item], currency: str) -> Totals:
    """The order's amounts. Amazon's total decides whether tax is on top; what it cannot explain stays, and is held."""
    amounts = tuple(_of_item(item, currency, at=f"orderItems[{number}]") for number, item in enumerate(items))
    goods = sum(
        each.unit_minor * item.quantity_ordered - each.discount_minor
        for each, item in zip(amounts, items, strict=True)
    )
    charges = sum(each.charges_minor for each in amounts)
    own, facilitator = (
        sum(each.tax_minor for each in amounts),
        sum(each.facilitator_tax_minor for each in amounts),
    )
    tip = _tip(found, currency)
    net = goods + charges + tip
    reported = (
        net + own
        if found is None or found.grand_total is None
        else _minor(found.grand_total, currency, at="proceeds.grandTotal")
    )
    total = net + own if reported == net + own + facilitator else reported
    return Totals(amounts, total, charges, own, tip, tax_included=total == net)


def _of_item(item: Item, currency: str, *, at: str) -> Amounts:
    """An item's amounts. A price that does not divide by the units is rounded up, and the rest is a discount."""
    sums: dict[str, int] = {}
    shipping_discount = 0
    for number, each in enumerate((item.proceeds.breakdowns if item.proceeds else None) or ()):
        place = f"{at}.proceeds.breakdowns[{number}]"
        sums[each.type] = sums.get(each.type, 0) + _minor(each.subtotal, currency, at=place)
        if each.type == "DISCOUNT":
            shipping_discount += _of_shipping(each, currency, place)
    goods = sums["ITEM"] if "ITEM" in sums else _listed(item, currency, at) * item.quantity_ordered
    unit = -(-goods // item.quantity_ordered) if item.quantity_ordered > 0 else 0
    discount = abs(sums.get("DISCOUNT", 0)) - shipping_discount
    tax, is_facilitator = sums.get("TAX", 0), item.is_marketplace_taxed
    return Amounts(
        unit_minor=unit,
        discount_minor=discount + unit * item.quantity_ordered - goods if unit else discount,
        tax_minor=0 if is_facilitator else tax,
        charges_minor=sum(value for name, value in sums.items() if name in _CHARGES) - shipping_discount,
        facilitator_tax_minor=tax if is_facilitator else 0,
    )


def _of_shipping(discount: Breakdown, currency: str, at: str) -> int:
    """The part of a discount that is taken off shipping."""
    parts = (each.value for each in discount.detailed_breakdowns or () if each.subtype == "SHIPPING")
    return sum(abs(_minor(each, currency, at=at)) for each in parts if each is not None)


def _listed(item: Item, currency: str, at: str) -> int:
    price = item.product.price.unit_price if item.product.price else None
    return 0 if price is None else _minor(price, currency, at=f"{at}.product.price.unitPrice")


def _tip(found: Proceeds | None, currency: str) -> int:
    """A tip counts once it is final; until then it is not in the total."""
    parts = (found.breakdowns if found else None) or ()
    return sum(
        _minor(each.subtotal, currency, at="proceeds.breakdowns")
        for each in parts
        if each.type == "DELIVERY_TIP" and each.status != "PENDING"
    )


def _minor(money: Money, currency: str, *, at: str) -> int:
    if money.currency_code != currency:
        raise errors.Invalid(f"{at}: {money.currency_code} in an order in {currency}.", field=at)
    return parsing.minor_units(money.amount, currency, at=at)
