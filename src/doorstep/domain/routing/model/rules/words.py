"""Describe a rule set in sentences, for its users."""

from __future__ import annotations

from collections.abc import Iterable

from doorstep.domain.routing.model.rules.cases import Case
from doorstep.domain.routing.model.rules.document import (
    Locations,
    Measure,
    OrderField,
    Orders,
    OrderSort,
    Queue,
    Remainder,
    Rule,
    Run,
    Sort,
    Split,
)
from doorstep.kernel.money import CURRENCIES, Money

_BEST = {  # the winner, and the winner if the sort is descending
    Measure.MISS: ("most likely on time", "least likely on time"),
    Measure.COST: ("cheapest", "most expensive"),
    Measure.PARCELS: ("fewest parcels", "most parcels"),
    Measure.DISTANCE: ("nearest", "farthest"),
    Measure.UNIT_DISTANCE: ("shortest distance per unit", "longest distance per unit"),
    Measure.LEAVES: ("earliest departure", "latest departure"),
    Measure.ARRIVES: ("earliest arrival", "latest arrival"),
    Measure.SEQUENCE: ("first in the listed sequence", "last in the listed sequence"),
    Measure.STOCK: ("least stock", "most stock"),
    Measure.VELOCITY: ("slowest sellers", "fastest sellers"),
    Measure.BROKEN_STYLE: ("broken sizes first", "complete sizes first"),
    Measure.LOAD: ("least backlog", "most backlog"),
    Measure.CARBON: ("least CO₂", "most CO₂"),
}
_FIRST = {
    OrderField.PRIORITY: ("lowest priority", "highest priority"),
    OrderField.SHIP_BEFORE: ("earliest promise", "latest promise"),
    OrderField.SHIP_AFTER: ("earliest ship date", "latest ship date"),
    OrderField.PLACED: ("oldest", "newest"),
    OrderField.DELIVERY_DAYS: ("fastest delivery", "slowest delivery"),
    OrderField.VALUE: ("smallest value", "greatest value"),
}
_THEN = {
    "next_rule": "try the next rule",
    "queue": "add to exception queue “{queue}”",
    "backorder": "backorder from incoming supply",
    "customer_care": "customer service decides",
    "cancel": "cancel the lines",
}


def of_run(run: Run) -> str:
    """When a run is due, and when its work is released to locations."""
    when = f"on schedule ({run.schedule}, {run.timezone})" if run.schedule else "when orders or stock arrive"
    release = {
        "at_once": "work is released at once",
        "held": f"work is held for {run.release.hold_minutes} minutes and re-planned until then",
        "metered": f"work is released at the location's pick rate, {run.release.horizon_minutes} minutes ahead",
    }[run.release.mode]
    return f"Runs {when}; {release}."


def of_orders(orders: Orders, currency: str) -> str:
    """Which orders a routing takes."""
    parts = [
        _named("in queue", (each or "none yet" for each in orders.queues)),
        _named("by", orders.methods),
        _named("not by", orders.not_methods),
        _named("from channel", orders.channels),
        _named("with", orders.categories),
        _named("placed at", orders.origins),
        _named("tagged", orders.tags),
        _named("not tagged", orders.not_tags),
        _named("paid", (each.replace("_", " ") for each in orders.payments)),
        _named("to", (*orders.regions, *orders.countries)),
        _named("of customer", orders.customers),
        _limit("of priority {} or more", orders.min_priority),
        _limit("promised within {} days", orders.promised_within_days),
        _money("worth at least {}", orders.min_value_minor, currency),
        _money("worth at most {}", orders.max_value_minor, currency),
        _so(orders.when),
    ]
    return _sentence("Takes orders", parts, "Takes every order.")


def of_sort(sort: Iterable[OrderSort]) -> str:
    """Which orders are served first."""
    reported = [_FIRST[each.by][each.descending] for each in sort]
    return (
        f"Serves first: {', then '.join(reported)}."
        if reported
        else "Serves the earliest promise first, then the oldest order."
    )


def of_locations(locations: Locations) -> str:
    """Which locations a rule uses."""
    parts = [
        ", then ".join(locations.codes),
        _named("in group", locations.groups),
        _named("not in group", locations.not_groups),
        _named("of type", (each.replace("_", " ") for each in locations.kinds)),
        _named("in country", locations.countries),
        _limit("within {} km", locations.within_km),
        _limit("within {} miles", locations.within_miles),
        "open now" if locations.open_now else "",
        "before today's cut-off" if locations.before_cut_off else "",
        "that arrive by the promise" if locations.in_time else "",
        _so(locations.when),
    ]
    asked = _sentence("Uses locations", parts, "Uses every location.")
    keeps = f" Keeps {locations.safety_stock} of each SKU as safety stock." if locations.safety_stock else ""
    return asked + keeps + (" Ignores capacity." if locations.ignore_capacity else "")


def of_choice(choose: Iterable[Sort]) -> str:
    """How the best plan is chosen."""
    reported = []
    for each in choose:
        best = _BEST[each.by][each.descending]
        reported.append(f"{best} (within {each.tolerance:.0%})" if each.tolerance else best)
    return f"Chooses: {', then '.join(reported)}."


def of_split(split: Split, currency: str) -> str:
    """How an order may be split."""
    parts = [
        {
            "none": "One parcel or nothing",
            "lines": "Lines may ship separately; a line is not split",
            "quantity": "Lines may ship separately; a line that no location has in full may be split",
        }[split.by],
        _limit("at most {} parcels", split.max_parcels),
        _money("every parcel worth at least {}", split.min_parcel_value_minor or None, currency),
        "all or nothing" if split.all_or_nothing else "",
        "available units wait for the rest" if split.hold_in_stock_part else "",
        _named("keep together", split.keep_together),
    ]
    return "; ".join(part for part in parts if part) + "."


def of_rest(rest: Remainder) -> str:
    """What happens to the remainder."""
    reported = f"Remainder: {_THEN[rest.then].format(queue=rest.queue)}"
    if rest.auto_cancel_after_days:
        reported += f", canceled after {_days(rest.auto_cancel_after_days)}"
    return reported + (", no longer canceled automatically." if rest.forget_auto_cancel else ".")


def of_rule(rule: Rule, currency: str) -> list[str]:
    """A rule in four sentences."""
    return [
        of_locations(rule.locations),
        of_choice(rule.choose),
        of_split(rule.split, currency),
        of_rest(rule.remainder),
    ]


def of_queue(queue: Queue) -> str:
    """The owner of a queue, and when its orders are retried."""
    tries = [
        "when stock arrives" if queue.wakes_on_stock else "",
        f"after {', '.join(map(str, queue.retry_minutes))} minutes" if queue.retry_minutes else "",
    ]
    again = " and ".join(each for each in tries if each)
    reported = f"Owner: {queue.owner}; orders are retried {again or 'only on request'}"
    days = queue.auto_cancel_after_days
    return reported + (f", canceled after {_days(days)}." if days else ".")


def of_case(case: Case) -> str:
    """What a test case expects."""
    order = ", ".join(f"{line.quantity} × {line.sku}" for line in case.order.lines)
    sent = ", ".join(f"{each.units} of line {each.line} from {each.location}" for each in case.expect.sent)
    rest = (
        f"; remainder: {_THEN[case.expect.remainder].format(queue=case.expect.queue)}"
        if case.expect.remainder
        else ""
    )
    return f"Expects of {order}: {sent or 'nothing sent'}{rest}."


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def _sentence(begins: str, parts: Iterable[str], nothing: str) -> str:
    reported = [part for part in parts if part]
    return f"{begins} {', '.join(reported)}." if reported else nothing


def _named(word: str, names: Iterable[str]) -> str:
    reported = " or ".join(names)
    return f"{word} {reported}" if reported else ""


def _limit(words: str, limit: float | None) -> str:
    if limit is None:
        return ""
    text = words.format(f"{limit:g}")
    return text.removesuffix("s") if limit == 1 else text


def _money(words: str, minor: int | None, currency: str) -> str:
    if minor is None:
        return ""
    reported = f"{Money(minor, currency).decimal()} {currency}" if currency in CURRENCIES else str(minor)
    return words.format(reported)


def _so(condition: str) -> str:
    return f"where {' '.join(condition.split())}" if condition else ""
