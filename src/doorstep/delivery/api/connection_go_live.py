"""The go-live report of a connection, and going live."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from doorstep.delivery.api.access import Calling
from doorstep.delivery.api.connection_comparisons import CaughtUp
from doorstep.domain.connections.model.comparison import Operation, Result
from doorstep.domain.connections.model.readiness import CatchUp, Readiness, Report, ReportLine, Topic
from doorstep.flows.go_live import report
from doorstep.flows.go_live.switch import Wanted, go_live
from doorstep.kernel.db import WriteTx

router = APIRouter(tags=["Connections"])


class GoLiveLine(BaseModel):
    """One line of the report: what it is about, its state, a sentence, and the console's page that puts it right."""

    topic: Topic
    state: Readiness
    message: str
    path: str = Field(description="Below /console; empty where there is no such page.")
    at: datetime | None = Field(description="The moment of the fact.")
    is_certain: bool = Field(
        description="Going live would surely lose or double something, so it is refused."
    )


class KeptCalls(BaseModel):
    """Calls of an operation that were kept in shadow mode, by how they compare with what others did."""

    operation: Operation
    calls: int
    results: dict[Result, int]


class GoLiveReport(BaseModel):
    """Whether a connection can be switched on."""

    state: Readiness = Field(description="That of the worst line.")
    lines: list[GoLiveLine]
    kept: list[KeptCalls]


class GoLive(BaseModel):
    """How to go live."""

    catch_up: CatchUp = Field(
        CatchUp.LATER,
        description="missing: send what only Doorstep has, discard what others did just so, keep the rest. all, none: send or "
        "discard everything. later: keep everything.",
    )
    is_confirmed: bool = Field(False, description="Go live although a line blocks.")


_AS_USUAL = GoLive()  # type: ignore[call-arg]  # every field has a default


def _line(line: ReportLine) -> GoLiveLine:
    return GoLiveLine(
        topic=line.topic,
        state=line.standing,
        message=line.message.english(),
        path=line.path,
        at=line.at,
        is_certain=line.is_certain,
    )


def _shape(found: Report) -> GoLiveReport:
    kept = [
        KeptCalls(operation=each.operation, calls=each.total, results=dict(each.counts))
        for each in found.kept
    ]
    return GoLiveReport(state=found.standing, lines=[_line(each) for each in found.lines], kept=kept)


@router.get("/connections/{key}/go-live-report")
def get_go_live_report(calling: Calling, key: str) -> GoLiveReport:
    """Report whether a connection can be switched on, from what is stored; nobody is called."""
    context = calling.app.context
    calling.app.registry.refresh()
    return _shape(calling.read(lambda tx: report.of(context, tx, key=key)))


@router.post("/connections/{key}/go-live")
def activate_connection(calling: Calling, key: str, wanted: GoLive = _AS_USUAL) -> CaughtUp:
    """Switch a connection to live. Refused where something would surely be lost or doubled, or blocks unconfirmed."""
    calling.app.registry.refresh()

    def work(tx: WriteTx) -> CaughtUp:
        how = Wanted(wanted.catch_up, is_confirmed=wanted.is_confirmed)
        done = go_live(calling.app.context, tx, key=key, wanted=how)
        return CaughtUp(sent=done.sent, discarded=done.discarded, left=done.left)

    done = calling.write(work)
    calling.app.registry.look_again()
    return done
