"""Check a rule set for contradictions that the schema cannot find, all at once, before it is saved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from doorstep.domain.routing.model import runs
from doorstep.domain.routing.model.rules import conditions
from doorstep.domain.routing.model.rules.document import Measure, Routing, Rule, RuleSet, Run
from doorstep.kernel.documents import Problem
from doorstep.kernel.money import CURRENCIES

Problems = Iterator[Problem]


def problems(document: RuleSet) -> tuple[Problem, ...]:
    """All problems of a document; empty if it can be activated."""
    return tuple(_problems(document))


def _problems(document: RuleSet) -> Problems:
    if not document.name.strip():
        yield Problem("name", "Give the rule set a name.")
    if not any(run.active for run in document.runs):
        yield Problem("runs", "No run is active: nothing would be routed.")
    yield from _money(document)
    yield from _once([each.name for each in document.runs], lambda at: f"runs[{at}].name")
    yield from _once([each.name for each in document.queues], lambda at: f"queues[{at}].name")
    yield from _once([each.name for each in document.cases], lambda at: f"cases[{at}].name")
    queues = {each.name for each in document.queues}
    for at, run in enumerate(document.runs):
        yield from _run(run, f"runs[{at}]", queues)
    for at, case in enumerate(document.cases):
        for number, sent in enumerate(case.expect.sent):
            if sent.line > len(case.order.lines):
                yield Problem(
                    f"cases[{at}].expect.sent[{number}].line", f"The order has {len(case.order.lines)} lines."
                )


def _money(document: RuleSet) -> Problems:
    limits = [
        limit
        for run in document.runs
        for routing in run.routings
        for limit in (
            routing.orders.min_value_minor,
            routing.orders.max_value_minor,
            *(rule.split.min_parcel_value_minor for rule in routing.rules),
        )
    ]
    costs = document.costs
    if document.currency and document.currency not in CURRENCIES:
        yield Problem("currency", f"{document.currency} is not an ISO 4217 currency.")
    if not document.currency and (
        any(limits) or any(getattr(costs, each) for each in costs.__struct_fields__)
    ):
        yield Problem("currency", "The rule set has amounts: set a currency.")


def _once(names: Sequence[str], path: Callable[[int], str]) -> Problems:
    """Versions and explanations identify parts by name, so names must be unique."""
    counts: Counter[str] = Counter()
    for at, name in enumerate(names):
        counts[name] += 1
        if not name.strip():
            yield Problem(path(at), "Give it a name.")
        elif counts[name] == 2:  # noqa: PLR2004 - reported once
            yield Problem(path(at), f"{name} exists twice: use unique names.")


def _run(run: Run, path: str, queues: Iterable[str]) -> Problems:
    if run.schedule and not runs.is_schedule(run.schedule):
        yield Problem(
            f"{path}.schedule",
            f"{run.schedule!r} is not a cron expression: minute hour day month weekday, such as 0 2 * * *.",
        )
    try:
        ZoneInfo(run.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        yield Problem(f"{path}.timezone", f"{run.timezone!r} is not a time zone: use Asia/Kolkata or UTC.")
    if run.release.mode == "held" and not run.release.hold_minutes:
        yield Problem(f"{path}.release.hold_minutes", "Enter how long work is held, in minutes.")
    yield from _once([each.name for each in run.routings], lambda at: f"{path}.routings[{at}].name")
    for at, routing in enumerate(run.routings):
        yield from _routing(routing, f"{path}.routings[{at}]", queues)


def _routing(routing: Routing, path: str, queues: Iterable[str]) -> Problems:
    yield from _condition(routing.orders.when, f"{path}.orders.when", of_orders=True)
    least, most = routing.orders.min_value_minor, routing.orders.max_value_minor
    if least is not None and most is not None and least > most:
        yield Problem(f"{path}.orders.max_value_minor", f"No order has at least {least} and at most {most}.")
    if not any(rule.active for rule in routing.rules):
        yield Problem(f"{path}.rules", "No rule is active: its orders would wait forever.")
    yield from _once([each.name for each in routing.rules], lambda at: f"{path}.rules[{at}].name")
    last = max((at for at, rule in enumerate(routing.rules) if rule.active), default=-1)
    for at, rule in enumerate(routing.rules):
        yield from _rule(rule, f"{path}.rules[{at}]", queues)
        if at == last and rule.remainder.then == "next_rule":
            yield Problem(
                f"{path}.rules[{at}].remainder",
                "No rule follows: choose what happens to the remainder (queue, backorder …).",
            )


def _rule(rule: Rule, path: str, queues: Iterable[str]) -> Problems:
    locations, remainder = rule.locations, rule.remainder
    yield from _condition(locations.when, f"{path}.locations.when", of_orders=False)
    if locations.within_km is not None and locations.within_miles is not None:
        yield Problem(
            f"{path}.locations.within_miles", "Enter the distance in kilometers or in miles, not both."
        )
    if not rule.choose:
        yield Problem(f"{path}.choose", "Choose at least one measure: parcels, cost, distance …")
    if any(each.by is Measure.SEQUENCE for each in rule.choose) and not (locations.codes or locations.groups):
        yield Problem(f"{path}.choose", "List codes or groups for the sequence.")
    if remainder.then == "queue" and remainder.queue not in queues:
        named = remainder.queue or "no queue"
        yield Problem(f"{path}.remainder.queue", f"{named} is not a queue of this rule set.")
    if remainder.then != "queue" and remainder.queue:
        yield Problem(f"{path}.remainder.queue", f"Remove the queue: {remainder.then} does not use one.")


def _condition(text: str, path: str, *, of_orders: bool) -> Problems:
    if text:
        try:
            conditions.compile(text, path, of_orders=of_orders)
        except conditions.Wrong as wrong:
            yield Problem(path, wrong.reason, wrong.line, wrong.column)
