"""Trials of a draft, pressed: begin, stop, let it decide, know why it ended."""

from __future__ import annotations

from starlette.responses import Response

from doorstep.delivery.console import page
from doorstep.delivery.console.ask import ROOT, Ask
from doorstep.delivery.console.lab import pages as lab
from doorstep.delivery.console.routes import Routes, Verb
from doorstep.domain.identity.model import Permission
from doorstep.domain.routing.actions import trials as verbs
from doorstep.domain.routing.actions.trials import NewTrial
from doorstep.domain.routing.model.lab import TrialKind, guardrails
from doorstep.flows.routing_rules import trial_control
from doorstep.kernel import errors
from doorstep.kernel.db import WriteTx

BACK = f"{ROOT}/routing/lab"
RAILS = ("cost_ratio", "split_points", "miss_points", "reject_points", "sample")


def start(ask: Ask) -> Response:
    """Let a draft decide silently, or on a share of the orders."""

    def verb(tx: WriteTx) -> str:
        found = trial_control.start(tx, new=_new(ask), now=ask.now)
        how = "silently" if found.kind is TrialKind.SHADOW else f"on {found.percent} % of the orders"
        return f"Draft {found.draft} decides {how} from the next order on."

    return page.act(ask, verb, show=lab.show, back=BACK)


def _new(ask: Ask) -> NewTrial:
    draft, kind = ask.whole("draft"), ask.form.get("kind", "")
    if draft is None or kind not in set(TrialKind):
        raise errors.Invalid("Choose a draft, and how it is tried.", field="draft")
    percent = 100 if kind == TrialKind.SHADOW else ask.whole("percent")
    rails = {name: _decimal(ask, name) for name in RAILS if ask.form.get(name, "").strip()}
    return NewTrial(
        draft, TrialKind(kind), percent or 0, guardrails.guardrails(rails), ask.form.get("why", "").strip()
    )


def _decimal(ask: Ask, name: str) -> float:
    text = ask.form.get(name, "").strip()
    try:
        return float(text)
    except ValueError:
        raise errors.Invalid(f"{text!r} is no number: write it as 1.05.", field=name) from None


def stop(ask: Ask) -> Response:
    """End the trial."""

    def verb(tx: WriteTx) -> str:
        found = verbs.stop(tx, why=ask.form.get("why", "").strip() or "no longer wanted", at=ask.now)
        return f"Draft {found.draft} is tried no more."

    return page.act(ask, verb, show=lab.show, back=BACK)


def promote(ask: Ask) -> Response:
    """Let the draft that is tried decide on every order."""

    def verb(tx: WriteTx) -> str:
        found = trial_control.promote(tx, why=ask.form.get("why", "").strip(), now=ask.now)
        return f"{found.label} decides from now on."

    return page.act(ask, verb, show=lab.show, back=BACK)


def see(ask: Ask) -> Response:
    """Somebody knows why a guardrail ended it: it leaves Home."""

    def verb(tx: WriteTx) -> str:
        verbs.see(tx, trial_id=ask.number("trial_id"), at=ask.now)
        return "Noted: it leaves Home."

    return page.act(ask, verb, show=lab.show, back=BACK)


ROUTES: Routes = (
    Verb("/routing/lab/trial/start", start, Permission.RULES_WRITE),
    Verb("/routing/lab/trial/stop", stop, Permission.RULES_WRITE),
    Verb("/routing/lab/trial/promote", promote, Permission.RULES_WRITE),
    Verb("/routing/lab/trial/{trial_id:int}/see", see, Permission.RULES_WRITE),
)
