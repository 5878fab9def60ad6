"""messages: a confirmation mail for every order, prepared, handed over to the SMTP partner and recorded by one process."""

from __future__ import annotations

from doorstep_bench import meter, partners, rates
from doorstep_bench.rates import Stage
from doorstep_bench.scratch import BATCH, wait_until

_LEFT = "SELECT count(*) FROM deliveries WHERE subscriber LIKE 'email.%'"
_SENT = """
    WITH sent AS (SELECT sent_at FROM messages WHERE state = 'sent' AND id > %s)
    SELECT (count(*) / extract(epoch FROM max(sent_at) - min(sent_at)))::float8
      FROM sent WHERE sent_at > (SELECT min(sent_at) FROM sent)
"""


def run(stage: Stage, *, runs: int, count: int) -> dict[str, object]:
    """Messages per second from the first record of a run to its last, medians; every mail arrives once."""
    with partners.serving(stage.scratch, ["smtp"]) as at:
        partners.connect_mail(stage.scratch, at)
        found = [_run(stage, series=800 + number, count=count) for number in range(runs)]
        received = partners.mails_received(at)
    return {
        **meter.rates(found),
        "received": received,
        "expected": runs * count,
    }


def _run(stage: Stage, *, series: int, count: int) -> float:
    """The orders are placed first; then one process sends."""
    app = stage.scratch.app
    made = stage.orders(series, count)
    for start in range(0, len(made), BATCH):
        rates.take(stage.scratch, made[start : start + BATCH])
    with app.db.read() as tx:
        before = tx.value(int, "SELECT coalesce(max(id), 0) FROM messages")
    with stage.scratch.process("doorstep", "worker", "--queue", "messages"):
        wait_until(lambda: _left(stage) == 0, what="the mails to be sent")
    with app.db.read() as tx:
        rate = tx.value(float, _SENT, (before,))
    meter.say(f"{rate:,.0f} messages/s")
    return rate


def _left(stage: Stage) -> int:
    with stage.scratch.app.db.read() as tx:
        return tx.value(int, _LEFT)
