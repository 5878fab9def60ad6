"""Shared by vendors with a partner server: faults by rule, signed webhooks, a reset before each case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from tests import partners
from tests.contracts.stage import Fault, Hook

from doorstep.domain.connections import model as connections
from doorstep.kernel import http

_KINDS = {
    Fault.ERROR: "status_500",
    Fault.RATE_LIMIT: "status_429",
    Fault.TIME_OUT: "timeout_after_work",
    Fault.MALFORMED: "malformed_json",
}


def session(url: str) -> http.Session:
    """One attempt per call, so that a single fault shows."""
    return http.Session(
        "partner",
        url,
        policy=http.Policy(
            timeout_seconds=5, attempts=1, breaker_failures=1000, documents_from_anywhere=True
        ),
    )


class Remote:
    """A connector over HTTP; `touch` says which call does a feature's work."""

    partner: str
    touch: ClassVar[Mapping[str, Mapping[str, str]]]
    proof = ""

    def __init__(
        self,
        connector: connections.Connector,
        running: partners.Partners,
        open_session: http.Session,
        **settings: object,
    ) -> None:
        self.running = running
        self.connector: Any = connector.connect(connector.settings.model_validate(settings), open_session)  # type: ignore[attr-defined]  # a pydantic model
        self.act("reset")
        self.running.fail(self.partner)

    def act(self, verb: str, **body: object) -> dict[str, Any]:
        return self.running.act(self.partner, verb, **body)

    def state(self) -> dict[str, Any]:
        return self.running.state(self.partner)

    def fail(self, feature: str, fault: Fault) -> None:
        self.running.fail(self.partner, {"kind": _KINDS[fault], "hold_seconds": 0.01, **self.touch[feature]})

    def held_hook(self, topic: str) -> Hook:
        """The last message of a topic, which the partner holds back."""
        held = [one for one in self.running.deliveries(self.partner) if one["topic"] == topic][-1]
        headers = {name.lower(): value for name, value in held["headers"].items()}
        return Hook(headers, held["body"].encode(), proof=self.proof)

    def hold_hooks(self) -> None:
        self.act("webhooks", url="http://127.0.0.1:9/hooks/test", hold=True)
