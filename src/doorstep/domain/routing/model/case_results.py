"""Run test cases: compare the plan of a rule set with the expected plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec

from doorstep.domain.routing.model.demand import Demand, DemandLine, OrderAttributes
from doorstep.domain.routing.model.great_circle import GreatCircle
from doorstep.domain.routing.model.network import Lane, Network, RoutingLocation
from doorstep.domain.routing.model.plan import Decision, plan
from doorstep.domain.routing.model.rules import compiled
from doorstep.domain.routing.model.rules.cases import Case, CaseLane, CaseLocation
from doorstep.domain.routing.model.rules.document import RuleSet, Run
from doorstep.domain.routing.model.supply import Supply
from doorstep.kernel.ids import LocationId, OrderId, Sku
from doorstep.kernel.message import Message, written

Installed = Callable[[Case], Network]
_NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class CaseOutcome:
    """The result of a case: its differences from the expected plan (none: it passed), and the explanation."""

    name: str
    differences: tuple[str, ...]
    sentences: tuple[Message, ...] = ()

    @property
    def is_green(self) -> bool:
        return not self.differences


def run_cases(document: RuleSet, *, installed: Installed, closed: Collection[str] = ()) -> list[CaseOutcome]:
    """Run every test case of a document, each on its own.

    `installed` gives the network at the time of a case, without the locations that are `closed`.
    """
    compiled_rules = compiled.compile(document, document.name)
    return [_outcome(each, compiled_rules, installed, closed) for each in document.cases]


def _outcome(
    case: Case, compiled_rules: compiled.CompiledRules, installed: Installed, closed: Collection[str]
) -> CaseOutcome:
    network = _network(case, installed)
    codes = {location.code: location.id for location in network.locations.values()}
    unknown = sorted(_named(case) - codes.keys())
    if unknown:
        return CaseOutcome(case.name, tuple(_missing(each, closed) for each in unknown))
    here = {
        Sku(sku): {codes[code]: quantity for code, quantity in by.items()} for sku, by in case.stock.items()
    }
    supply = Supply({str(sku): dict(by) for sku, by in here.items()})
    (decision,) = plan(
        [_demand(case, codes)],
        supply,
        network,
        compiled_rules,
        now=case.at,
        run=_run(case, compiled_rules.document),
    )
    sentences = tuple(
        Message("Line %(number)s: %(sentence)s", number=line.line_no, sentence=line.sentence)
        for line in decision.explanation.lines
    )
    return CaseOutcome(case.name, tuple(_differences(case, decision, network.locations)), sentences)


def _missing(code: str, closed: Collection[str]) -> str:
    if code in closed:
        return f"Location {code} is closed. Reopen it, or add it under `locations`."
    return f"There is no location {code}. Add it under `locations`."


def _run(case: Case, document: RuleSet) -> Run | None:
    """The scheduled run of the case's routing, if it names one; otherwise the event-driven runs."""
    for run in document.runs:
        if run.schedule and any(routing.name == case.expect.routing for routing in run.routings):
            return run
    return None


def _named(case: Case) -> set[str]:
    """Every location that a case names."""
    stocked = {code for by in case.stock.values() for code in by}
    sent = {each.location for each in case.expect.sent}
    pickup = {case.order.pickup} if case.order.pickup else set()
    return stocked | sent | pickup | {each.location for each in case.lanes} | set(case.order.rejected_by)


def _demand(case: Case, codes: Mapping[str, LocationId]) -> Demand:
    order = case.order
    wants = tuple(
        DemandLine(
            number, Sku(line.sku), line.quantity, line.grams, line.value_minor, line.category, line.style
        )
        for number, line in enumerate(order.lines, start=1)
    )
    named = {each: getattr(order, each) for each in OrderAttributes.__struct_fields__ if hasattr(order, each)}
    attributes = OrderAttributes(**{**named, "value_minor": sum(want.value_minor for want in wants)})
    excluded = frozenset((want.sku, codes[code]) for want in wants for code in order.rejected_by)
    return Demand(
        OrderId(1),
        wants,
        order.latitude,
        order.longitude,
        excluded,
        channel=order.channel,
        attributes=attributes,
    )


def _network(case: Case, installed: Installed) -> Network:
    """The installed network, with the case's values in place of its own."""
    network = Network({}, GreatCircle({})) if case.only_locations else installed(case)
    by_code = {location.code: location for location in network.locations.values()}
    given, fresh = [], max(network.locations, default=0)
    for each in case.locations:
        known = by_code.get(each.code)
        if known is None:
            fresh += 1
            known = RoutingLocation(LocationId(fresh), each.code, each.code, 0.0, 0.0, ships=True)
        given.append(_location(each, known))
    locations = {**network.locations, **{location.id: location for location in given}}
    moved = {
        location.id: location
        for location in given
        if _is_elsewhere(location, network.locations.get(location.id))
    }
    by_id = {location.code: location.id for location in locations.values()}
    lanes = {by_id[each.location]: each for each in case.lanes if each.location in by_id}
    return replace(network, locations=locations, ways=_ScenarioLanes(network, GreatCircle(moved), lanes))


def _is_elsewhere(location: RoutingLocation, installed: RoutingLocation | None) -> bool:
    return installed is None or (location.latitude, location.longitude) != (
        installed.latitude,
        installed.longitude,
    )


def _location(given: CaseLocation, known: RoutingLocation) -> RoutingLocation:
    reported = {
        each: value for each in given.__struct_fields__ if (value := getattr(given, each)) is not None
    }
    if "groups" in reported:
        reported["groups"] = frozenset(reported["groups"])
    return replace(known, **reported)


@dataclass(frozen=True, slots=True)
class _ScenarioLanes:
    """The lanes of the installed network; other locations have great-circle lanes."""

    network: Network
    crow: GreatCircle
    given: Mapping[LocationId, CaseLane]

    def lanes(self, demand: Demand) -> Mapping[LocationId, Lane]:
        """A lane from every location, nearest first."""
        found = {**self.network.ways.lanes(demand), **self.crow.lanes(demand)}
        for location, given in self.given.items():
            reported = {each: getattr(given, each) for each in given.__struct_fields__ if each != "location"}
            known = {each: value for each, value in reported.items() if value is not None}
            if given.closed is not None:
                known["closed"] = written(given.closed) if given.closed else None
            found[location] = msgspec.structs.replace(found[location], **known)
        return dict(sorted(found.items(), key=lambda each: (each[1].km, each[0])))


def _differences(
    case: Case, decision: Decision, locations: Mapping[LocationId, RoutingLocation]
) -> Iterable[str]:
    expect = case.expect
    found: Counter[tuple[int, str]] = Counter()
    for choice in decision.choices:
        found[choice.line_no, locations[choice.location_id].code] += choice.quantity
    wanted: Counter[tuple[int, str]] = Counter()
    for sent in expect.sent:
        wanted[sent.line, sent.location] += sent.units
    for line_no, line in enumerate(case.order.lines, start=1):
        asked, came = _reported(wanted, line_no), _reported(found, line_no)
        if asked != came:
            yield f"Line {line_no} ({line.sku}): expected {asked}, found {came}."
    yield from _unlike("routing", expect.routing, decision.routing)
    yield from _unlike("rule", expect.rule, decision.rule)
    remainder = decision.remainder
    yield from _unlike(
        "remainder", expect.remainder, remainder.then if decision.short and remainder is not None else ""
    )
    yield from _unlike(
        "queue", expect.queue, remainder.queue if decision.short and remainder is not None else ""
    )


def _reported(quantity: Mapping[tuple[int, str], int], line_no: int) -> str:
    reported: Sequence[str] = sorted(
        f"{count} from {code}" for (number, code), count in quantity.items() if number == line_no
    )
    return " and ".join(reported) or _NOTHING


def _unlike(word: str, wanted: str, found: str) -> Iterable[str]:
    if wanted and wanted != found:
        yield f"{word.capitalize()}: expected {wanted}, found {found or _NOTHING}."
