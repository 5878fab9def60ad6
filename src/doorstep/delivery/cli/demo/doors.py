"""Clients of the demo: Doorstep's API as its users call it, and the partner servers' control endpoints."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import httpx

from doorstep.delivery.cli.demo.stage import Stage
from doorstep.kernel import errors

T = TypeVar("T")
Json = dict[str, object]


class Mismatch(errors.Refused):
    """The demo did not get the expected result."""


@dataclass(frozen=True, slots=True)
class Keys:
    """API keys of the demo's users: operations, and the staff of the two locations."""

    operations: str
    staff: dict[str, str]


@dataclass(slots=True)
class Doors:
    """Clients of both sides.

    A busy machine may be slow: waiting ends when `rows_written` has not changed for `patience_seconds`.
    """

    stage: Stage
    keys: Keys
    rows_written: Callable[[], int]
    patience_seconds: float = 30.0
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=20, trust_env=False))

    def api(self, method: str, path: str, *, key: str = "", body: Json | None = None) -> Json:
        """Call Doorstep's API; an error answer is a mismatch with its text."""
        answer = self.http.request(
            method,
            f"{self.stage.url}/api/v1{path}",
            json=body if method != "GET" else None,
            headers={"Authorization": f"Bearer {key or self.keys.operations}"},
        )
        if answer.is_error:
            raise Mismatch(f"{method} {path}: {answer.status_code} {answer.text[:500]}")
        found: Json = answer.json()
        return found

    def label(self, shipment_id: int, *, key: str) -> bytes:
        """A label's PDF."""
        answer = self.http.get(
            f"{self.stage.url}/api/v1/shipments/{shipment_id}/label.pdf",
            headers={"Authorization": f"Bearer {key}"},
        )
        return answer.content

    def context(self, partner: str, verb: str, body: object = None) -> Json:
        """Call a partner's control endpoint: what customers, drivers and banks do there."""
        url = f"{self.stage.partners[partner]['url']}/_control/{verb}"
        headers = {"X-Sandbox-Control": self.stage.control_token}
        method = "GET" if body is None else "POST"
        answer = self.http.request(method, url, json=body, headers=headers)
        if answer.is_error:
            raise Mismatch(f"{partner} {verb}: {answer.status_code} {answer.text[:500]}")
        found: Json = answer.json()
        return found

    def until(self, what: str, fetch: Callable[[], T | None]) -> T:
        """Poll until `fetch` finds something; raises with what is missing once nothing else changes either.

        What runs by the clock always changes something, so that there is an end after ten times as long, too.
        """
        written, changed_at, counted_at = -1, 0.0, 0.0
        ends_at = time.monotonic() + 10 * self.patience_seconds
        while True:
            found = fetch()
            if found:
                return found
            now = time.monotonic()
            if now > counted_at + 1:
                before, written, counted_at = written, self.rows_written(), now
                changed_at = now if written != before else changed_at
            if now > ends_at:
                raise Mismatch(f"This did not happen within {10 * self.patience_seconds:.0f} s: {what}.")
            if now > changed_at + self.patience_seconds:
                raise Mismatch(
                    f"This did not happen, and nothing changed for {self.patience_seconds:.0f} s: {what}."
                )
            time.sleep(0.04)

    def close(self) -> None:
        """Close both clients."""
        self.http.close()
