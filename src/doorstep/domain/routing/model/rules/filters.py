"""Compile the filters of a document: the variables of each, and its reason to exclude, for explanations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from doorstep.domain.routing.model.rules import conditions
from doorstep.domain.routing.model.rules.document import Locations, Orders
from doorstep.kernel.i18n import mark
from doorstep.kernel.message import Listed, Message, Value

KM_PER_MILE = 1.609344
Values = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Filter:
    """`against` gives the reason to exclude (None if there is none) from the values of `names`, in their sequence.

    A condition may raise CannotTell, and is slow, so its results are cached.
    """

    path: str
    names: tuple[str, ...]
    against: Callable[[Values], Message | None]
    is_slow: bool = False


def of_orders(orders: Orders, path: str) -> tuple[Filter, ...]:
    """Filters for the orders of a routing. Raises conditions.Wrong."""
    return tuple(_orders(orders, path))


def _orders(orders: Orders, path: str) -> Iterator[Filter]:
    one_of = (
        ("queues", "order.queue", mark("queue")),
        ("methods", "order.method", mark("method")),
        ("channels", "order.channel", mark("channel")),
        ("origins", "order.origin", mark("origin")),
        ("payments", "order.payment", mark("payment")),
        ("regions", "order.region", mark("region")),
        ("countries", "order.country", mark("country")),
        ("customers", "order.customer", mark("customer")),
    )
    for field, name, word in one_of:
        wanted: tuple[str, ...] = getattr(orders, field)
        if wanted:
            yield Filter(
                f"{path}.{field}", (name,), partial(_not_among, Message(word), wanted, _either(wanted))
            )
    if orders.not_methods:
        yield Filter(f"{path}.not_methods", ("order.method",), partial(_among, orders.not_methods))
    for field, name, word in (
        ("categories", "order.categories", mark("categories")),
        ("tags", "order.tags", mark("tags")),
    ):
        wanted = getattr(orders, field)
        if wanted:
            yield Filter(
                f"{path}.{field}",
                (name,),
                partial(_none_of, Message(word), frozenset(wanted), _either(sorted(wanted))),
            )
    if orders.not_tags:
        yield Filter(f"{path}.not_tags", ("order.tags",), partial(_tagged, frozenset(orders.not_tags)))
    yield from _amounts(orders, path)
    yield from _condition(orders.when, path, of_orders=True)


def _amounts(orders: Orders, path: str) -> Iterator[Filter]:
    limits = (
        ("min_priority", "order.priority", mark("priority"), 1),
        ("min_value_minor", "order.value_minor", mark("value"), 1),
        ("max_value_minor", "order.value_minor", mark("value"), -1),
        ("promised_within_days", "order.promised_in_days", mark("promise in days"), -1),
    )
    for field, name, word, sign in limits:
        limit: int | None = getattr(orders, field)
        if limit is not None:
            yield Filter(f"{path}.{field}", (name,), partial(_beyond, Message(word), limit, sign))


def of_locations(locations: Locations, path: str) -> tuple[Filter, ...]:
    """Filters for the locations of a rule. Raises conditions.Wrong."""
    return tuple(_locations(locations, path))


def _locations(locations: Locations, path: str) -> Iterator[Filter]:
    one_of = (
        ("codes", "location.code", mark("code")),
        ("kinds", "location.kind", mark("kind")),
        ("countries", "location.country", mark("country")),
    )
    for field, name, word in one_of:
        wanted: tuple[str, ...] = getattr(locations, field)
        if wanted:
            yield Filter(
                f"{path}.{field}", (name,), partial(_not_among, Message(word), wanted, _either(wanted))
            )
    if locations.groups:
        groups = frozenset(locations.groups)
        why = Message("not in %(groups)s", groups=_either(sorted(groups)))
        yield Filter(f"{path}.groups", ("location.groups",), partial(_outside, groups, why))
    if locations.not_groups:
        yield Filter(
            f"{path}.not_groups", ("location.groups",), partial(_inside, frozenset(locations.not_groups))
        )
    yield from _distance(locations, path)
    flags = (
        ("open_now", "location.is_open", Message("closed now")),
        ("before_cut_off", "lane.today", Message("today's cut-off has passed")),
        ("in_time", "lane.in_time", Message("would arrive after the promise")),
    )
    for field, name, reason in flags:
        if getattr(locations, field):
            yield Filter(f"{path}.{field}", (name,), partial(_is_not, reason))
    yield from _condition(locations.when, path, of_orders=False)


def _distance(locations: Locations, path: str) -> Iterator[Filter]:
    for field, limit, km_per_unit, words in (
        ("within_km", locations.within_km, 1.0, mark("%(distance)s km away, the rule allows %(limit)s")),
        (
            "within_miles",
            locations.within_miles,
            KM_PER_MILE,
            mark("%(distance)s miles away, the rule allows %(limit)s"),
        ),
    ):
        if limit is not None:
            yield Filter(f"{path}.{field}", ("lane.km",), partial(_too_far, limit, km_per_unit, words))


def _condition(text: str, path: str, *, of_orders: bool) -> Iterator[Filter]:
    if text:
        condition = conditions.compile(text, f"{path}.when", of_orders=of_orders)
        yield Filter(condition.path, condition.names, condition.against, is_slow=True)


def _not_among(field: Message, wanted: Sequence[str], either: Value, values: Values) -> Message | None:
    found = values[0]
    if found in wanted:
        return None
    return Message(
        "%(field)s is %(found)s, the rule requires %(wanted)s",
        field=field,
        found=str(found) if found else Message("unknown"),
        wanted=either,
    )


def _among(unwanted: Sequence[str], values: Values) -> Message | None:
    found = values[0]
    return Message("method %(method)s is excluded", method=str(found)) if found in unwanted else None


def _none_of(field: Message, wanted: frozenset[str], either: Value, values: Values) -> Message | None:
    if wanted.intersection(_texts(values[0])):
        return None
    return Message("%(field)s: not %(wanted)s", field=field, wanted=either)


def _tagged(unwanted: frozenset[str], values: Values) -> Message | None:
    found = sorted(unwanted.intersection(_texts(values[0])))
    return Message("tagged %(tags)s", tags=Listed(tuple(found))) if found else None


def _outside(wanted: frozenset[str], why: Message, values: Values) -> Message | None:
    return None if wanted.intersection(_texts(values[0])) else why


def _inside(unwanted: frozenset[str], values: Values) -> Message | None:
    found = sorted(unwanted.intersection(_texts(values[0])))
    if not found:
        return None
    return Message("in %(groups)s, which the rule excludes", groups=Listed(tuple(found)))


def _beyond(field: Message, limit: int, sign: int, values: Values) -> Message | None:
    found = values[0]
    if isinstance(found, int) and found * sign >= limit * sign:
        return None
    reported = found if isinstance(found, int) else str(found)
    if sign > 0:
        words = mark("%(field)s is %(found)s, the rule requires at least %(limit)s")
    else:
        words = mark("%(field)s is %(found)s, the rule requires at most %(limit)s")
    return Message(words, field=field, found=reported, limit=limit)


def _too_far(limit: float, km_per_unit: float, words: str, values: Values) -> Message | None:
    km = values[0]
    if not isinstance(km, float) or km <= limit * km_per_unit:
        return None
    return Message(words, distance=round(km / km_per_unit), limit=limit)


def _is_not(reason: Message, values: Values) -> Message | None:
    return None if values[0] else reason


def _texts(value: object) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()


def _either(names: Sequence[str]) -> Value:
    return Listed(tuple([each or Message("none") for each in names]), "or")
