"""Define the default rule set, used until a user activates another."""

from __future__ import annotations

from doorstep.domain.routing.model.rules.document import (
    Measure,
    OrderField,
    OrderSort,
    Queue,
    Remainder,
    Routing,
    Rule,
    RuleSet,
    Run,
    Sort,
    Split,
)

BROKERING = "brokering"
DEFAULT_VERSION = "default"

_IN_TIME_THEN_CHEAP = (
    Sort(by=Measure.MISS, tolerance=0.05),
    Sort(by=Measure.PARCELS),
    Sort(by=Measure.LEAVES),
    Sort(by=Measure.COST, tolerance=0.05),
    Sort(by=Measure.DISTANCE),
)

# Urgent orders first; on time, few parcels, before the cut-off, cheap, near. A line is split only if no location has all of it.
DEFAULT = RuleSet(
    name="default",
    runs=(
        Run(
            name="On arrival",
            routings=(
                Routing(
                    name="All orders",
                    sort=(
                        OrderSort(by=OrderField.PRIORITY, descending=True),
                        OrderSort(by=OrderField.SHIP_BEFORE),
                        OrderSort(by=OrderField.PLACED),
                    ),
                    rules=(
                        Rule(name="Whole lines", choose=_IN_TIME_THEN_CHEAP, split=Split(by="lines")),
                        Rule(
                            name="Split lines",
                            choose=_IN_TIME_THEN_CHEAP,
                            split=Split(by="quantity"),
                            remainder=Remainder(then="queue", queue=BROKERING),
                        ),
                    ),
                ),
            ),
        ),
    ),
    queues=(
        Queue(
            name=BROKERING,
            owner="operations",
            retry_minutes=(15, 60),
            customer_message="Part of your order is out of stock. We'll ship it when it arrives.",
        ),
    ),
)
