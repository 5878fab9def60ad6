"""Go live: refused where something would surely be lost or doubled, confirmed where something speaks against it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from doorstep.domain.connections import actions
from doorstep.domain.connections.model import Mode
from doorstep.domain.connections.model.readiness import CatchUp, Report, ReportLine
from doorstep.flows import operations
from doorstep.flows.context import Context
from doorstep.flows.go_live import report
from doorstep.flows.operations import CaughtUp
from doorstep.kernel import errors
from doorstep.kernel.db import WriteTx


@dataclass(frozen=True, slots=True)
class Wanted:
    """How to go live: what becomes of kept calls, and whether the person has seen what speaks against it."""

    catch_up: CatchUp = CatchUp.LATER
    is_confirmed: bool = False


class NotConfirmed(errors.Refused):
    """Something speaks against going live: confirm it, or put it right first."""


def go_live(context: Context, tx: WriteTx, *, key: str, wanted: Wanted) -> CaughtUp:
    """Switch a connection to live, and send or discard the calls that it kept. Raises Refused, NotConfirmed, NotFound."""
    found = report.of(context, tx, key=key)
    _require(found, wanted)
    actions.switch(tx, key=key, mode=Mode.LIVE)
    if wanted.catch_up is CatchUp.MISSING:
        return operations.catch_up(tx, key=key)
    sent = operations.send_shadowed(tx, key=key) if wanted.catch_up is CatchUp.ALL else 0
    discarded = operations.drop_shadowed(tx, key=key) if wanted.catch_up is CatchUp.NONE else 0
    return CaughtUp(sent, discarded, sum(each.total for each in found.kept) - sent - discarded)


def _require(found: Report, wanted: Wanted) -> None:
    if found.certain:
        raise errors.Refused(_words(found.certain))
    if wanted.catch_up is CatchUp.ALL and found.doubles:
        raise errors.Refused(
            f"Others have done {found.doubles} of the kept calls: sent again, they would ship, refund or bill twice. "
            "Send only what is missing.",
            field="catch_up",
        )
    if found.blocking and not wanted.is_confirmed:
        raise NotConfirmed(f"{_words(found.blocking)} Put it right, or confirm it.", field="is_confirmed")


def _words(lines: Sequence[ReportLine]) -> str:
    return " ".join(str(each.message) for each in lines)
