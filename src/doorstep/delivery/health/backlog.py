"""The backlog of every kind of work as metrics, read from the database at each scrape."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields

from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from doorstep.bootstrap import App
from doorstep.flows import backlog
from doorstep.kernel import errors

_HELP = {
    "waiting": "Items that wait",
    "oldest_seconds": "Age of the oldest item that waits",
    "retrying": "Items that failed before and are retried",
    "pending": "Calls that a partner has taken and not finished",
    "dead": "Items that failed for good: a person must act",
    "in_doubt": "Items that may have had their effect: a person must check",
    "done_per_minute": "Items finished per minute, by all workers, over five minutes",
    "failed_per_minute": "Attempts failed per minute, by all workers, over five minutes",
}


class BacklogCollector(Collector):
    """Gauges doorstep_backlog_<figure> with the label `name`; none while the database does not answer."""

    def __init__(self, app: App) -> None:
        self._app = app

    def describe(self) -> Iterable[Metric]:
        """Nothing: so that registering it asks no database."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """One gauge per figure."""
        try:
            with self._app.db.read() as tx:
                found = backlog.every(tx, now=self._app.clock.now())
        except errors.Unavailable:
            return
        for figure in (each.name for each in fields(backlog.Backlog) if each.name != "name"):
            gauge = GaugeMetricFamily(f"doorstep_backlog_{figure}", _HELP[figure], labels=["name"])
            for row in found:
                gauge.add_metric([row.name], getattr(row, figure))
            yield gauge
