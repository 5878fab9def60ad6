"""Check the result of the demo: the closing table, nothing lost and nothing doubled, on both sides."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from doorstep.bootstrap import App
from doorstep.delivery.cli.demo import read
from doorstep.delivery.cli.demo.journey import Story
from doorstep.domain.inventory import views as inventory
from doorstep.domain.invoicing import views as invoicing
from doorstep.domain.payments import views as payments
from doorstep.domain.shipping import views as shipping
from doorstep.kernel import jobs


@dataclass(frozen=True, slots=True)
class AuditLine:
    """A line of the closing table."""

    item: str
    source: str
    shipment_id: str
    status: str
    return_status: str


def closing_table(story: Story) -> list[AuditLine]:
    """Item, source, shipment id, status, return status, as in Doorstep's API."""
    order = story.order()
    lines = {line["line_no"]: line for line in read.rows(order, "lines")}
    table = []
    for work in read.rows(order, "fulfillment_orders"):
        for part in read.rows(work, "lines"):
            line = lines[part["line_no"]]
            counters = line["counters"]
            back = int(str(counters["returned"])) if isinstance(counters, dict) else 0
            quantity = int(str(part["quantity"]))
            item = f"{line['title']}" + (f" × {quantity}" if quantity > 1 else "")
            tracking = ", ".join(read.text(each, "tracking_number") for each in read.rows(work, "parcels"))
            location = read.text(work, "location_name")
            table.append(
                AuditLine(item, location, tracking, str(line["status"]), f"{back} Returned" if back else "–")
            )
    return sorted(table, key=lambda row: row.source, reverse=True)


def expected_table(story: Story) -> list[AuditLine]:
    """The expected values."""
    numbers = story.numbers
    return [
        AuditLine("Blue Denim Jacket", "Warehouse A", numbers.jacket, "Delivered", "–"),
        AuditLine("White Graphic T-shirt × 2", "Store 22", numbers.shirts, "Delivered", "1 Returned"),
    ]


def quiet(app: App) -> bool:
    """Whether no work is left."""
    with app.db.read() as tx:
        return not jobs.waiting(tx)


def rows_written(app: App) -> int:
    """A number that grows with every change."""
    with app.db.read() as tx:
        return jobs.rows_written(tx)


def left_over(app: App) -> str:
    """The work that is left and why, for a demo that got stuck."""
    with app.db.read() as tx:
        left = jobs.open_work(tx)
    return "\n".join(["Open work:", *left]) if left else "No open work."


def findings(app: App, story: Story) -> dict[str, object]:
    """What must be true after every run, whatever failed on the way; each value is what was found.

    Both sides are counted by our own references, so that anything bought, posted or paid twice shows.
    """
    with app.db.read() as tx:
        drift, dead = inventory.drift(tx), jobs.dead(tx)
        parcels = {each.label_reference for each in shipping.of_order(tx, order_id=story.order_id)}
        papers = {each.reference for each in invoicing.of_order(tx, order_id=story.order_id)}
        refunds = {each.reference for each in payments.refunds(tx, order_id=story.order_id)}
    context = story.doors.context
    labels = [
        *_of(context("shiphawk", "state"), "shipments"),
        *_of(context("shiprocket", "state"), "shipments"),
    ]
    books = [
        each for each in read.documents(context("erpnext", "state"), "Sales Invoice") if _ours(each, papers)
    ]
    paid_back = [
        each for each in _of(context("razorpay", "state"), "refunds") if str(each.get("receipt")) in refunds
    ]
    shop = read.table(context("shopify", "state"), "orders")[str(story.shop_order)]
    mails = [each for each in read.rows(context("smtp", "mails"), "mails") if story.shop_name in _words(each)]
    return {
        "labels bought": sum(_reference(each) in parcels for each in labels),
        "refunds paid": [each["amount"] for each in paid_back],
        "invoices posted": sum(not each.get("is_return") for each in books),
        "credit notes posted": sum(bool(each.get("is_return")) for each in books),
        "fulfillments in the shop": len(read.values(shop, "fulfillments")),
        "mails sent twice": [words for words, count in Counter(map(_words, mails)).items() if count > 1],
        "counters that differ from the ledger": len(drift),
        "dead letters": sum(dead.values()),
    }


EXPECTED: dict[str, object] = {
    "labels bought": 3,  # two parcels to the customer, one pickup of the return
    "refunds paid": [79_900],
    "invoices posted": 2,
    "credit notes posted": 1,
    "fulfillments in the shop": 2,
    "mails sent twice": [],
    "counters that differ from the ledger": 0,
    "dead letters": 0,
}


def _of(state: dict[str, object], name: str) -> list[dict[str, object]]:
    return list(read.table(state, name).values())


def _reference(label: dict[str, object]) -> str:
    """Our reference on a carrier's shipment: ShipHawk stores it as order number, Shiprocket as the channel's order id."""
    return str(label.get("channel_order_id") or label.get("order_number"))


def _ours(document: dict[str, object], references: set[str]) -> bool:
    return str(document.get("doorstep_ref")) in references


def _words(mail: dict[str, object]) -> str:
    return f"{mail['subject']}\n{mail['text']}"
