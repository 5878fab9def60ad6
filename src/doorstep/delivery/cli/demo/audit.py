"""After the story: the closing table, and proof that nothing was lost and nothing doubled, on both sides."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from doorstep.bootstrap import App
from doorstep.delivery.cli.demo import read
from doorstep.delivery.cli.demo.journey import Story
from doorstep.domain.inventory import views as inventory
from doorstep.kernel import jobs


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the closing table."""

    item: str
    source: str
    shipment_id: str
    status: str
    return_status: str


def closing_table(story: Story) -> list[Row]:
    """Item, source, shipment id, status, return status, as Doorstep's API tells them."""
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
            tracking = read.text(work, "shipment", "tracking_number")
            place = read.text(work, "location_name")
            table.append(Row(item, place, tracking, str(line["status"]), f"{back} Returned" if back else "–"))
    return sorted(table, key=lambda row: row.source, reverse=True)


def expected_table(story: Story) -> list[Row]:
    """As the story tells it."""
    numbers = story.numbers
    return [
        Row("Blue Denim Jacket", "Warehouse A", numbers.jacket, "Delivered", "–"),
        Row("White Graphic T-shirt × 2", "Store 22", numbers.shirts, "Delivered", "1 Returned"),
    ]


def quiet(app: App) -> bool:
    """Nothing is left to do."""
    with app.db.read() as tx:
        return not jobs.waiting(tx)


def findings(app: App, story: Story) -> dict[str, object]:
    """What must be true at the end of every telling, whatever failed on the way; each value is what was found."""
    shop = f"{story.shop_name}"
    state = {name: story.doors.world(name, "state") for name in ("shiphawk", "shiprocket", "razorpay", "erpnext")}
    mine = [each for each in read.documents(state["erpnext"], "Sales Invoice") if _speaks_of(each, story)]
    mails = [each for each in read.rows(story.doors.world("smtp", "mails"), "mails") if shop in _mail(each, story)]
    with app.db.read() as tx:
        drift, dead = inventory.drift(tx), jobs.dead(tx)
    labels = [
        *_labels(state["shiphawk"], "tracking_number", {story.numbers.jacket}),
        *_labels(state["shiprocket"], "awb", {story.numbers.shirts}),
    ]
    refunds = [each for each in read.table(state["razorpay"], "refunds").values() if shop in str(each.get("notes"))]
    return {
        "labels": len(labels),
        "refunds": [each["amount"] for each in refunds],
        "invoices": sum(not each.get("is_return") for each in mine),
        "credit notes": sum(bool(each.get("is_return")) for each in mine),
        "mails sent twice": [key for key, count in Counter(_mail_key(each) for each in mails).items() if count > 1],
        "counters that differ from the ledger": len(drift),
        "dead letters": sum(dead.values()),
    }


EXPECTED: dict[str, object] = {
    "labels": 2,
    "refunds": [79_900],
    "invoices": 2,
    "credit notes": 1,
    "mails sent twice": [],
    "counters that differ from the ledger": 0,
    "dead letters": 0,
}


def _labels(state: dict[str, object], name: str, numbers: set[str]) -> list[object]:
    return [each for each in read.table(state, "shipments").values() if each.get(name) in numbers]


def _speaks_of(document: dict[str, object], story: Story) -> bool:
    return story.shop_name in {str(document.get("po_no")), str(document.get("remarks"))} or any(
        story.shop_name in str(value) for value in document.values() if isinstance(value, str)
    )


def _mail(mail: dict[str, object], story: Story) -> str:
    return f"{mail['subject']} {mail['text']}"


def _mail_key(mail: dict[str, object]) -> str:
    return f"{mail['subject']} | {mail['message_id']}"


