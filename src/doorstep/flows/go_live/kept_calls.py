"""Lines about the calls that were kept in shadow mode: how they compare, and what going live does with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from doorstep.domain.connections.model.comparison import DONE_BY_OTHERS, Operation, Result
from doorstep.domain.connections.model.readiness import Kept, ReportLine, Topic, attention, ready
from doorstep.domain.connections.views import comparisons
from doorstep.flows.comparison import calls
from doorstep.flows.go_live.subject import Subject
from doorstep.kernel import jobs
from doorstep.kernel.i18n import plural
from doorstep.kernel.message import Counted, Message

_CALLS = plural("{n} call", "{n} calls")
_DIFFERENT = plural("{n} call differs", "{n} calls differ")
_OPEN = plural("{n} call cannot be compared yet", "{n} calls cannot be compared yet")
_THEIRS = plural("{n} shipment was made only by others", "{n} shipments were made only by others")


def kept(subject: Subject) -> list[Kept]:
    """The calls that are kept, by operation; what is not compared yet is open. Of a call with parts, the worst counts."""
    found = {
        each.delivery_id: each for each in comparisons.call_results(subject.tx, connection_id=subject.row.id)
    }
    counts: dict[Operation, Counter[Result]] = {}
    for each in jobs.kept_subscribers(subject.tx, connection=subject.row.key):
        operation = calls.operation_of(each.subscriber)
        compared = found.get(each.id)
        result = _worst(compared.results) if compared else Result.OPEN
        counts.setdefault(operation, Counter())[result] += 1
    return [Kept(operation, dict(each)) for operation, each in sorted(counts.items())]


def _worst(results: Sequence[Result]) -> Result:
    worst_first = (Result.DIFFERENT, Result.OPEN, Result.ONLY_OURS, Result.SAME)
    return next(each for each in worst_first if each in results)


def comparison(subject: Subject) -> Iterator[ReportLine]:
    """How everything that was compared stands."""
    counts = Counter[Result]()
    for each in comparisons.totals(subject.tx, connection_id=subject.row.id):
        counts[each.result] += each.count
    page = f"{subject.path}/comparison"
    different, unclear = counts[Result.DIFFERENT], counts[Result.OPEN]
    theirs = counts[Result.ONLY_THEIRS]
    if different:
        words = Counted(different, _DIFFERENT)
        why = Message("%(calls)s from what others did.", calls=words)
        yield attention(Topic.COMPARISON, why, f"{page}?result=different")
    if theirs:
        why = Message("%(shipments)s: Doorstep has no call for them.", shipments=Counted(theirs, _THEIRS))
        yield attention(Topic.COMPARISON, why, f"{page}?result=only_theirs")
    if unclear:
        why = Message("%(calls)s with what others did.", calls=Counted(unclear, _OPEN))
        yield attention(Topic.COMPARISON, why, f"{page}?result=open")
    if not counts:
        why = Message("Nothing is compared: no call was kept in shadow mode.")
        yield attention(Topic.COMPARISON, why, page)
    elif not different and not theirs and not unclear:
        same, ours = Counted(counts[Result.SAME], _CALLS), Counted(counts[Result.ONLY_OURS], _CALLS)
        why = Message("Others did %(same)s just so; only Doorstep has %(ours)s.", same=same, ours=ours)
        yield ready(Topic.COMPARISON, why, page)


def unsent(subject: Subject, found: Sequence[Kept]) -> Iterator[ReportLine]:
    """What going live sends, discards or keeps."""
    page = f"{subject.path}/unsent"
    total = sum(each.total for each in found)
    done = sum(count for each in found for result, count in each.counts.items() if result in DONE_BY_OTHERS)
    if not total:
        yield ready(Topic.UNSENT, Message("No call waits: going live sends nothing at once."), page)
    elif done:
        why = Message(
            "Others have done %(done)s of %(all)s: sending everything would do them twice.",
            done=done,
            all=Counted(total, _CALLS),
        )
        yield attention(Topic.UNSENT, why, page)
    else:
        why = Message("%(all)s wait: choose whether they are sent or discarded.", all=Counted(total, _CALLS))
        yield attention(Topic.UNSENT, why, page)
