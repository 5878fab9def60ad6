"""Describe a rule set in sentences, for its users."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from doorstep.domain.routing.model.rules.cases import Case
from doorstep.domain.routing.model.rules.document import (
    Locations,
    Measure,
    OrderField,
    Orders,
    OrderSort,
    Queue,
    Remainder,
    Routing,
    Rule,
    Run,
    Sort,
    Split,
)
from doorstep.kernel.i18n import mark, plural
from doorstep.kernel.message import NOTHING, Counted, Listed, Message, Value
from doorstep.kernel.money import CURRENCIES, Money

_BEST = {  # the winner, and the winner if the sort is descending
    Measure.MISS: (mark("most likely on time"), mark("least likely on time")),
    Measure.COST: (mark("cheapest"), mark("most expensive")),
    Measure.PARCELS: (mark("fewest parcels"), mark("most parcels")),
    Measure.DISTANCE: (mark("nearest"), mark("farthest")),
    Measure.UNIT_DISTANCE: (mark("shortest distance per unit"), mark("longest distance per unit")),
    Measure.LEAVES: (mark("earliest departure"), mark("latest departure")),
    Measure.ARRIVES: (mark("earliest arrival"), mark("latest arrival")),
    Measure.SEQUENCE: (mark("first in the listed sequence"), mark("last in the listed sequence")),
    Measure.STOCK: (mark("least stock"), mark("most stock")),
    Measure.VELOCITY: (mark("slowest sellers"), mark("fastest sellers")),
    Measure.BROKEN_STYLE: (mark("broken sizes first"), mark("complete sizes first")),
    Measure.LOAD: (mark("least backlog"), mark("most backlog")),
    Measure.CARBON: (mark("least CO₂"), mark("most CO₂")),
}
_FIRST = {
    OrderField.PRIORITY: (mark("lowest priority"), mark("highest priority")),
    OrderField.SHIP_BEFORE: (mark("earliest promise"), mark("latest promise")),
    OrderField.SHIP_AFTER: (mark("earliest ship date"), mark("latest ship date")),
    OrderField.PLACED: (mark("oldest"), mark("newest")),
    OrderField.DELIVERY_DAYS: (mark("fastest delivery"), mark("slowest delivery")),
    OrderField.VALUE: (mark("smallest value"), mark("greatest value")),
}
_THEN = {
    "next_rule": Message("try the next rule"),
    "backorder": Message("backorder from incoming supply"),
    "customer_care": Message("customer service decides"),
    "cancel": Message("cancel the lines"),
}
_PAID = {"prepaid": mark("paid in advance"), "on_delivery": mark("paid on delivery")}
_KINDS = {
    "warehouse": mark("warehouse"),
    "store": mark("store"),
    "dark_store": mark("dark store"),
    "3pl": mark("3PL"),
}
_SPLIT = {
    "none": mark("One parcel or nothing"),
    "lines": mark("Lines may ship separately; a line is not split"),
    "quantity": mark("Lines may ship separately; a line that no location has in full may be split"),
}
_DAYS = plural("{n} day", "{n} days")
_MINUTES = plural("{n} minute", "{n} minutes")
_PARCELS = plural("{n} parcel", "{n} parcels")


def of_run(run: Run) -> Message:
    """When a run is due, and when its work is released to locations."""
    minutes = Counted(run.release.hold_minutes, _MINUTES)
    ahead = Counted(run.release.horizon_minutes, _MINUTES)
    release = {
        "at_once": Message("work is released at once"),
        "held": Message("work is held for %(minutes)s and re-planned until then", minutes=minutes),
        "metered": Message("work is released at the location's pick rate, %(minutes)s ahead", minutes=ahead),
    }[run.release.mode]
    if not run.schedule:
        return Message("Runs when orders or stock arrive; %(release)s.", release=release)
    return Message(
        "Runs on schedule (%(schedule)s, %(timezone)s); %(release)s.",
        schedule=run.schedule,
        timezone=run.timezone,
        release=release,
    )


def of_orders(orders: Orders, currency: str) -> Message:
    """Which orders a routing takes."""
    queues: tuple[Value, ...] = tuple(each or Message("none yet") for each in orders.queues)
    parts = [
        _if(queues, Message("in queue %(names)s", names=_any(queues))),
        _if(orders.methods, Message("by %(names)s", names=_any(orders.methods))),
        _if(orders.not_methods, Message("not by %(names)s", names=_any(orders.not_methods))),
        _if(orders.channels, Message("from channel %(names)s", names=_any(orders.channels))),
        _if(orders.categories, Message("with %(names)s", names=_any(orders.categories))),
        _if(orders.origins, Message("placed at %(names)s", names=_any(orders.origins))),
        _if(orders.tags, Message("tagged %(names)s", names=_any(orders.tags))),
        _if(orders.not_tags, Message("not tagged %(names)s", names=_any(orders.not_tags))),
        *_payments(orders.payments),
        _if(
            (*orders.regions, *orders.countries),
            Message("to %(names)s", names=_any((*orders.regions, *orders.countries))),
        ),
        _if(orders.customers, Message("of customer %(names)s", names=_any(orders.customers))),
        *_limits(orders, currency),
        *_condition(orders.when),
    ]
    found = tuple(filter(None, parts))
    return Message("Takes orders %(parts)s.", parts=Listed(found)) if found else Message("Takes every order.")


def _limits(orders: Orders, currency: str) -> list[Message]:
    days, least = orders.promised_within_days, orders.min_priority
    low, high = orders.min_value_minor, orders.max_value_minor
    return [
        NOTHING if least is None else Message("of priority %(priority)s or more", priority=least),
        NOTHING if days is None else Message("promised within %(days)s", days=Counted(days, _DAYS)),
        NOTHING if low is None else Message("worth at least %(amount)s", amount=_amount(low, currency)),
        NOTHING if high is None else Message("worth at most %(amount)s", amount=_amount(high, currency)),
    ]


def _payments(payments: Sequence[str]) -> list[Message]:
    found = tuple(Message(_PAID[each]) for each in payments)
    return [Message("%(payments)s", payments=Listed(found, "or"))] if found else []


def of_sort(sort: Iterable[OrderSort]) -> Message:
    """Which orders are served first."""
    fields = tuple(Message(_FIRST[each.by][each.descending]) for each in sort)
    if not fields:
        return Message("Serves the earliest promise first, then the oldest order.")
    return Message("Serves first: %(fields)s.", fields=Listed(fields, "then"))


def of_routing(routing: Routing, currency: str) -> Message:
    """Which orders a routing takes, and which of them first."""
    return joined([of_orders(routing.orders, currency), of_sort(routing.sort)])


def of_locations(locations: Locations) -> Message:
    """Which locations a rule uses."""
    kinds = tuple(_kind(each) for each in locations.kinds)
    parts: list[Value] = [
        *([Listed(locations.codes, "then")] if locations.codes else []),
        _if(locations.groups, Message("in group %(names)s", names=_any(locations.groups))),
        _if(locations.not_groups, Message("not in group %(names)s", names=_any(locations.not_groups))),
        _if(kinds, Message("of type %(names)s", names=_any(kinds))),
        _if(locations.countries, Message("in country %(names)s", names=_any(locations.countries))),
        *_within(locations),
        _if(locations.open_now, Message("open now")),
        _if(locations.before_cut_off, Message("before today's cut-off")),
        _if(locations.in_time, Message("that arrive by the promise")),
        *_condition(locations.when),
    ]
    found = tuple(each for each in parts if each)
    return joined(
        [
            Message("Uses locations %(parts)s.", parts=Listed(found))
            if found
            else Message("Uses every location."),
            _if(
                locations.safety_stock,
                Message(
                    "Keeps %(units)s of each SKU as safety stock.",
                    units=locations.safety_stock or 0,
                ),
            ),
            _if(locations.ignore_capacity, Message("Ignores capacity.")),
        ]
    )


def _within(locations: Locations) -> list[Message]:
    km, miles = locations.within_km, locations.within_miles
    mile = Message("within 1 mile") if miles == 1 else Message("within %(miles)s miles", miles=miles or 0)
    return [
        NOTHING if km is None else Message("within %(km)s km", km=km),
        NOTHING if miles is None else mile,
    ]


def of_choice(choose: Iterable[Sort]) -> Message:
    """How the best plan is chosen."""
    fields = []
    for each in choose:
        best = Message(_BEST[each.by][each.descending])
        if each.tolerance:
            percent = float(round(100 * each.tolerance))
            best = Message("%(best)s (within %(percent)s%%)", best=best, percent=percent)
        fields.append(best)
    return Message("Chooses: %(fields)s.", fields=Listed(tuple(fields), "then"))


def of_split(split: Split, currency: str) -> Message:
    """How an order may be split."""
    most, least = split.max_parcels, split.min_parcel_value_minor
    parts = [
        Message(_SPLIT[split.by]),
        NOTHING if most is None else Message("at most %(parcels)s", parcels=Counted(most, _PARCELS)),
        Message("every parcel worth at least %(amount)s", amount=_amount(least, currency))
        if least
        else NOTHING,
        _if(split.all_or_nothing, Message("all or nothing")),
        _if(split.hold_in_stock_part, Message("available units wait for the rest")),
        _if(split.keep_together, Message("keep together %(names)s", names=_any(split.keep_together))),
    ]
    return Message("%(parts)s.", parts=Listed(tuple(filter(None, parts)), "semicolon"))


def of_rest(rest: Remainder) -> Message:
    """What happens to the remainder."""
    days = rest.auto_cancel_after_days
    parts = [
        _then(rest.then, rest.queue),
        Message("canceled after %(days)s", days=Counted(days, _DAYS)) if days else NOTHING,
        _if(rest.forget_auto_cancel, Message("no longer canceled automatically")),
    ]
    return Message("Remainder: %(parts)s.", parts=Listed(tuple(filter(None, parts))))


def of_rule(rule: Rule, currency: str) -> list[Message]:
    """A rule in four sentences."""
    return [
        of_locations(rule.locations),
        of_choice(rule.choose),
        of_split(rule.split, currency),
        of_rest(rule.remainder),
    ]


def of_queue(queue: Queue) -> Message:
    """The owner of a queue, and when its orders are retried."""
    return Message("Owner: %(owner)s; %(retry)s.", owner=queue.owner, retry=of_retry(queue))


def of_retry(queue: Queue) -> Message:
    """When orders of a queue are retried and canceled."""
    minutes = Listed(tuple(map(str, queue.retry_minutes))) if queue.retry_minutes else ""
    if queue.wakes_on_stock and minutes:
        retry = Message(
            "orders are retried when stock arrives and after %(minutes)s minutes", minutes=minutes
        )
    elif queue.wakes_on_stock:
        retry = Message("orders are retried when stock arrives")
    elif minutes:
        retry = Message("orders are retried after %(minutes)s minutes", minutes=minutes)
    else:
        retry = Message("orders are retried only on request")
    days = queue.auto_cancel_after_days
    if not days:
        return retry
    return Message("%(retry)s, canceled after %(days)s", retry=retry, days=Counted(days, _DAYS))


def of_case(case: Case) -> Message:
    """What a test case expects."""
    order = tuple(
        Message("%(quantity)s × %(sku)s", quantity=line.quantity, sku=line.sku) for line in case.order.lines
    )
    sent = tuple(
        Message(
            "%(units)s of line %(line)s from %(location)s",
            units=each.units,
            line=str(each.line),
            location=each.location,
        )
        for each in case.expect.sent
    )
    then = case.expect.remainder
    parts: list[Value] = [Listed(sent) if sent else Message("nothing sent")]
    if then:
        parts.append(Message("remainder: %(then)s", then=_then(then, case.expect.queue)))
    return Message(
        "Expects of %(order)s: %(parts)s.", order=Listed(order), parts=Listed(tuple(parts), "semicolon")
    )


def joined(sentences: Iterable[Message]) -> Message:
    """Sentences one after another."""
    found = tuple(filter(None, sentences))
    return found[0] if len(found) == 1 else Message("%(sentences)s", sentences=Listed(found, "sentences"))


def _kind(kind: str) -> Message:
    word = _KINDS.get(kind, kind)
    return Message(word)


def _then(then: str, queue: str) -> Message:
    if then == "queue":
        return Message("add to exception queue “%(queue)s”", queue=queue)
    return _THEN[then]


def _if(given: object, words: Message) -> Message:
    """Words about something, if it is given."""
    return words if given else NOTHING


def _any(names: Iterable[Value]) -> Listed:
    return Listed(tuple(names), "or")


def _amount(minor: int, currency: str) -> Value:
    return Money(minor, currency) if currency in CURRENCIES else str(minor)


def _condition(condition: str) -> list[Message]:
    return [Message("where %(condition)s", condition=" ".join(condition.split()))] if condition else []
