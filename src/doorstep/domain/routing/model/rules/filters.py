"""Compile the filters of a document: the variables of each, and its reason to exclude, for explanations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from doorstep.domain.routing.model.rules import conditions
from doorstep.domain.routing.model.rules.document import Locations, Orders

KM_PER_MILE = 1.609344
Values = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Filter:
    """`against` gives the reason to exclude ("" if there is none) from the values of `names`, in their sequence.

    A condition may raise CannotTell, and is slow, so its results are cached.
    """

    path: str
    names: tuple[str, ...]
    against: Callable[[Values], str]
    is_slow: bool = False


def of_orders(orders: Orders, path: str) -> tuple[Filter, ...]:
    """Filters for the orders of a routing. Raises conditions.Wrong."""
    return tuple(_orders(orders, path))


def _orders(orders: Orders, path: str) -> Iterator[Filter]:
    one_of = (
        ("queues", "order.queue", "queue"),
        ("methods", "order.method", "method"),
        ("channels", "order.channel", "channel"),
        ("origins", "order.origin", "origin"),
        ("payments", "order.payment", "payment"),
        ("regions", "order.region", "region"),
        ("countries", "order.country", "country"),
        ("customers", "order.customer", "customer"),
    )
    for field, name, word in one_of:
        wanted: tuple[str, ...] = getattr(orders, field)
        if wanted:
            yield Filter(f"{path}.{field}", (name,), partial(_not_among, word, wanted))
    if orders.not_methods:
        yield Filter(f"{path}.not_methods", ("order.method",), partial(_among, orders.not_methods))
    for field, name in (("categories", "order.categories"), ("tags", "order.tags")):
        wanted = getattr(orders, field)
        if wanted:
            yield Filter(f"{path}.{field}", (name,), partial(_none_of, field, frozenset(wanted)))
    if orders.not_tags:
        yield Filter(f"{path}.not_tags", ("order.tags",), partial(_tagged, frozenset(orders.not_tags)))
    yield from _amounts(orders, path)
    yield from _condition(orders.when, path, of_orders=True)


def _amounts(orders: Orders, path: str) -> Iterator[Filter]:
    limits = (
        ("min_priority", "order.priority", "priority", 1),
        ("min_value_minor", "order.value_minor", "value", 1),
        ("max_value_minor", "order.value_minor", "value", -1),
        ("promised_within_days", "order.promised_in_days", "promise in days", -1),
    )
    for field, name, word, sign in limits:
        limit: int | None = getattr(orders, field)
        if limit is not None:
            yield Filter(f"{path}.{field}", (name,), partial(_beyond, word, limit, sign))


def of_locations(locations: Locations, path: str) -> tuple[Filter, ...]:
    """Filters for the locations of a rule. Raises conditions.Wrong."""
    return tuple(_locations(locations, path))


def _locations(locations: Locations, path: str) -> Iterator[Filter]:
    one_of = (
        ("codes", "location.code", "code"),
        ("kinds", "location.kind", "kind"),
        ("countries", "location.country", "country"),
    )
    for field, name, word in one_of:
        wanted: tuple[str, ...] = getattr(locations, field)
        if wanted:
            yield Filter(f"{path}.{field}", (name,), partial(_not_among, word, wanted))
    if locations.groups:
        wanted_groups = frozenset(locations.groups)
        yield Filter(f"{path}.groups", ("location.groups",), partial(_outside, wanted_groups))
    if locations.not_groups:
        yield Filter(
            f"{path}.not_groups", ("location.groups",), partial(_inside, frozenset(locations.not_groups))
        )
    yield from _distance(locations, path)
    flags = (
        ("open_now", "location.is_open", "closed now"),
        ("before_cut_off", "lane.today", "today's cut-off has passed"),
        ("in_time", "lane.in_time", "would arrive after the promise"),
    )
    for field, name, reason in flags:
        if getattr(locations, field):
            yield Filter(f"{path}.{field}", (name,), partial(_is_not, reason))
    yield from _condition(locations.when, path, of_orders=False)


def _distance(locations: Locations, path: str) -> Iterator[Filter]:
    if locations.within_km is not None:
        yield Filter(f"{path}.within_km", ("lane.km",), partial(_too_far, locations.within_km, 1.0, "km"))
    if locations.within_miles is not None:
        yield Filter(
            f"{path}.within_miles",
            ("lane.km",),
            partial(_too_far, locations.within_miles, KM_PER_MILE, "miles"),
        )


def _condition(text: str, path: str, *, of_orders: bool) -> Iterator[Filter]:
    if text:
        condition = conditions.compile(text, f"{path}.when", of_orders=of_orders)
        yield Filter(condition.path, condition.names, condition.against, is_slow=True)


def _not_among(word: str, wanted: Sequence[str], values: Values) -> str:
    found = values[0]
    if found in wanted:
        return ""
    return f"{word} is {found or 'unknown'}, the rule requires {_either(wanted)}"


def _among(unwanted: Sequence[str], values: Values) -> str:
    found = values[0]
    return f"method {found} is excluded" if found in unwanted else ""


def _none_of(word: str, wanted: frozenset[str], values: Values) -> str:
    return "" if wanted.intersection(_texts(values[0])) else f"{word}: not {_either(sorted(wanted))}"


def _tagged(unwanted: frozenset[str], values: Values) -> str:
    found = sorted(unwanted.intersection(_texts(values[0])))
    return f"tagged {', '.join(found)}" if found else ""


def _outside(wanted: frozenset[str], values: Values) -> str:
    return "" if wanted.intersection(_texts(values[0])) else f"not in {_either(sorted(wanted))}"


def _inside(unwanted: frozenset[str], values: Values) -> str:
    found = sorted(unwanted.intersection(_texts(values[0])))
    return f"in {', '.join(found)}, which the rule excludes" if found else ""


def _beyond(word: str, limit: int, sign: int, values: Values) -> str:
    found = values[0]
    if isinstance(found, int) and found * sign >= limit * sign:
        return ""
    return f"{word} is {found}, the rule requires {'at least' if sign > 0 else 'at most'} {limit}"


def _too_far(limit: float, km_per_unit: float, unit: str, values: Values) -> str:
    km = values[0]
    if not isinstance(km, float) or km <= limit * km_per_unit:
        return ""
    return f"{km / km_per_unit:.0f} {unit} away, the rule allows {limit:g}"


def _is_not(reason: str, values: Values) -> str:
    return "" if values[0] else reason


def _texts(value: object) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()


def _either(names: Sequence[str]) -> str:
    return " or ".join(each or "none" for each in names)
