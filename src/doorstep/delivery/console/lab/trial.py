"""Trials of a draft: start, stop, activate, acknowledge the end."""

from __future__ import annotations

from starlette.responses import Response

from doorstep.delivery.console import page
from doorstep.delivery.console.lab import forms
from doorstep.delivery.console.lab import pages as lab
from doorstep.delivery.console.request import ROOT, PageRequest
from doorstep.delivery.console.routes import Routes, Verb
from doorstep.domain.identity.model import Permission
from doorstep.domain.routing.actions import trials as verbs
from doorstep.domain.routing.actions.trials import NewTrial
from doorstep.domain.routing.model.lab import TrialKind
from doorstep.flows.routing_rules import trial_control
from doorstep.kernel.db import WriteTx
from doorstep.kernel.i18n import gettext as _

BACK = f"{ROOT}/routing/lab"


def start(req: PageRequest) -> Response:
    """Start a trial of a draft: in shadow, or on a share of the orders."""

    def verb(tx: WriteTx) -> str:
        form = forms.Trial.of(req.form)
        new = NewTrial(form.draft, form.kind, form.share, form.limits, form.why)
        found = trial_control.start(tx, new=new, now=req.now)
        if found.kind is TrialKind.SHADOW:
            return _("Draft {n} now runs in shadow mode.").format(n=found.draft)
        done = _("Draft {n} now routes {percent} % of new orders.")
        return done.format(n=found.draft, percent=found.percent)

    return page.act(req, verb, show=lab.show, back=BACK)


def stop(req: PageRequest) -> Response:
    """Stop the trial."""

    def verb(tx: WriteTx) -> str:
        found = verbs.stop(tx, why=req.form.get("why", "").strip() or "no longer wanted", at=req.now)
        return _("The trial of draft {n} is stopped.").format(n=found.draft)

    return page.act(req, verb, show=lab.show, back=BACK)


def promote(req: PageRequest) -> Response:
    """Activate the draft on trial for every order."""

    def verb(tx: WriteTx) -> str:
        found = trial_control.promote(tx, why=forms.Promote.of(req.form).why, now=req.now)
        return _("{version} is active now.").format(version=found.label)

    return page.act(req, verb, show=lab.show, back=BACK)


def acknowledge(req: PageRequest) -> Response:
    """Acknowledge that a guardrail ended the trial; it leaves the home page."""

    def verb(tx: WriteTx) -> str:
        verbs.acknowledge(tx, trial_id=req.number("trial_id"), at=req.now)
        return _("Acknowledged.")

    return page.act(req, verb, show=lab.show, back=BACK)


ROUTES: Routes = (
    Verb("/routing/lab/trial/start", start, Permission.RULES_WRITE),
    Verb("/routing/lab/trial/stop", stop, Permission.RULES_WRITE),
    Verb("/routing/lab/trial/promote", promote, Permission.RULES_WRITE),
    Verb("/routing/lab/trial/{trial_id:int}/acknowledge", acknowledge, Permission.RULES_WRITE),
)
