"""A rule set as sentences: what whoever has to live with a rule reads about it."""

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

_BEST = {  # what wins, and what wins if the sort is descending
    Measure.MISS: ("surest to be in time", "least sure to be in time"),
    Measure.COST: ("cheapest", "dearest"),
    Measure.PARCELS: ("fewest parcels", "most parcels"),
    Measure.DISTANCE: ("nearest", "farthest"),
    Measure.PIECE_DISTANCE: ("nearest for every piece", "farthest for every piece"),
    Measure.LEAVES: ("leaving first", "leaving last"),
    Measure.ARRIVES: ("arriving first", "arriving last"),
    Measure.SEQUENCE: ("first in the sequence named", "last in the sequence named"),
    Measure.STOCK: ("least stock", "most stock"),
    Measure.VELOCITY: ("slowest sellers", "fastest sellers"),
    Measure.BROKEN_STYLE: ("broken sizes first", "whole sizes first"),
    Measure.LOAD: ("least backlog", "most backlog"),
    Measure.CARBON: ("least CO₂", "most CO₂"),
}
_FIRST = {
    OrderField.PRIORITY: ("lowest priority", "highest priority"),
    OrderField.SHIP_BEFORE: ("nearest promise", "farthest promise"),
    OrderField.SHIP_AFTER: ("soonest to ship", "latest to ship"),
    OrderField.PLACED: ("oldest", "newest"),
    OrderField.DELIVERY_DAYS: ("fastest delivery", "slowest delivery"),
    OrderField.VALUE: ("smallest value", "greatest value"),
}
_THEN = {
    "next_rule": "the next rule is asked",
    "park": "it waits in {queue}",
    "backorder": "it waits for supply that is to come",
    "customer_care": "customer care decides",
    "cancel": "it is canceled",
}


def of_run(run: Run) -> str:
    """When a run is run, and when its work is given to locations."""
    when = f"by the clock ({run.schedule}, {run.timezone})" if run.schedule else "as orders and stock come"
    release = {
        "at_once": "work goes out at once",
        "held": f"work is held for {run.release.hold_minutes} minutes and planned again until then",
        "metered": f"work goes out as fast as locations pick, {run.release.horizon_minutes} minutes ahead",
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
        _named("taken at", orders.origins),
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
    told = [_FIRST[each.by][each.descending] for each in sort]
    return (
        f"Serves first: {', then '.join(told)}."
        if told
        else "Serves the nearest promise first, then the oldest."
    )


def of_locations(locations: Locations) -> str:
    """Which locations a rule asks."""
    parts = [
        ", then ".join(locations.codes),
        _named("in group", locations.groups),
        _named("not in group", locations.not_groups),
        _named("of kind", (each.replace("_", " ") for each in locations.kinds)),
        _named("in country", locations.countries),
        _limit("within {} km", locations.within_km),
        _limit("within {} miles", locations.within_miles),
        "open now" if locations.open_now else "",
        "before today's cut-off" if locations.before_cut_off else "",
        "that arrive by the promise" if locations.in_time else "",
        _so(locations.when),
    ]
    asked = _sentence("Asks locations", parts, "Asks every location.")
    keeps = f" Leaves {locations.safety_stock} of each SKU there." if locations.safety_stock else ""
    return asked + keeps + (" Counts no capacity." if locations.ignore_capacity else "")


def of_choice(choose: Iterable[Sort]) -> str:
    """How the best plan is chosen."""
    told = []
    for each in choose:
        best = _BEST[each.by][each.descending]
        told.append(f"{best} (within {each.tolerance:.0%})" if each.tolerance else best)
    return f"Chooses: {', then '.join(told)}."


def of_split(split: Split, currency: str) -> str:
    """How an order may part."""
    parts = [
        {
            "none": "One parcel or nothing",
            "lines": "Lines may part, a line stays whole",
            "quantity": "Lines may part, and a line that nobody has whole may be split",
        }[split.by],
        _limit("at most {} parcels", split.max_parcels),
        _money("every part worth at least {}", split.min_parcel_value_minor or None, currency),
        "all or nothing" if split.all_or_nothing else "",
        "what is found waits for the rest" if split.hold_in_stock_part else "",
        _named("together stay", split.keep_together),
    ]
    return "; ".join(part for part in parts if part) + "."


def of_rest(rest: Remainder) -> str:
    """What becomes of what is left."""
    told = f"What is left: {_THEN[rest.then].format(queue=rest.queue)}"
    if rest.auto_cancel_after_days:
        told += f", canceled after {_days(rest.auto_cancel_after_days)}"
    return told + (", no longer canceled by itself." if rest.forget_auto_cancel else ".")


def of_rule(rule: Rule, currency: str) -> list[str]:
    """A rule in four sentences."""
    return [
        of_locations(rule.locations),
        of_choice(rule.choose),
        of_split(rule.split, currency),
        of_rest(rule.rest),
    ]


def of_queue(queue: Queue) -> str:
    """Whose a queue is, and when its orders are tried again."""
    tries = [
        "when their stock comes" if queue.wakes_on_stock else "",
        f"after {', '.join(map(str, queue.retry_minutes))} minutes" if queue.retry_minutes else "",
    ]
    again = " and ".join(each for each in tries if each)
    told = f"{queue.owner} owns it; orders are tried again {again or 'only if somebody asks'}"
    days = queue.auto_cancel_after_days
    return told + (f", canceled after {_days(days)}." if days else ".")


def of_case(case: Case) -> str:
    """What a golden case expects."""
    order = ", ".join(f"{line.quantity} × {line.sku}" for line in case.order.lines)
    sent = ", ".join(f"{each.pieces} of line {each.line} from {each.location}" for each in case.expect.sent)
    rest = (
        f"; what is left: {_THEN[case.expect.rest].format(queue=case.expect.queue)}"
        if case.expect.rest
        else ""
    )
    return f"Expects of {order}: {sent or 'nothing sent'}{rest}."


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def _sentence(begins: str, parts: Iterable[str], nothing: str) -> str:
    told = [part for part in parts if part]
    return f"{begins} {', '.join(told)}." if told else nothing


def _named(word: str, names: Iterable[str]) -> str:
    told = " or ".join(names)
    return f"{word} {told}" if told else ""


def _limit(words: str, limit: float | None) -> str:
    return "" if limit is None else words.format(f"{limit:g}")


def _money(words: str, minor: int | None, currency: str) -> str:
    if minor is None:
        return ""
    told = f"{Money(minor, currency).decimal()} {currency}" if currency in CURRENCIES else str(minor)
    return words.format(told)


def _so(condition: str) -> str:
    return f"where {' '.join(condition.split())}" if condition else ""
