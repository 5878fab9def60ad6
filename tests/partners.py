"""Partner servers for tests: all in one background thread, on free ports, with a client for their control routes."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx

from doorstep_sandbox import registry

Json = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Partners:
    """Running partners. `ready` has, per partner, its url and credentials (for smtp also host and port)."""

    ready: Json
    http: httpx.Client

    def url(self, partner: str) -> str:
        return str(self.ready[partner]["url"])

    def get(self, partner: str, verb: str) -> Json:
        """GET /_control/<verb>: calls, state, webhooks, faults, mails."""
        return self._checked(self.http.get(f"{self.url(partner)}/_control/{verb}"))

    def act(self, partner: str, verb: str, **body: object) -> Json:
        """POST /_control/<verb>: place_order, scan, pay, script, reset …"""
        return self._checked(self.http.post(f"{self.url(partner)}/_control/{verb}", json=body))

    def fail(self, partner: str, *rules: Json) -> Json:
        """Replaces the partner's fault rules; none clears them."""
        return self._checked(self.http.post(f"{self.url(partner)}/_control/faults", json=list(rules)))

    def fail_everywhere(self, *rules: Json) -> None:
        for partner in self.names:
            self.fail(partner, *rules)

    def state(self, partner: str) -> Json:
        return self.get(partner, "state")

    def calls(self, partner: str) -> list[Json]:
        return list(self.get(partner, "calls")["calls"])

    def mails(self) -> list[Json]:
        return list(self.get("smtp", "mails")["mails"])

    def deliveries(self, partner: str) -> list[Json]:
        return list(self.get(partner, "webhooks")["deliveries"])

    def settle(self, partner: str, timeout_seconds: float = 120.0) -> list[Json]:
        """Waits until nothing is left to send or to try again; returns the deliveries."""
        ends_at = time.monotonic() + timeout_seconds
        while self.get(partner, "webhooks")["pending"]:
            if time.monotonic() > ends_at:
                message = f"{partner} still has deliveries to send after {timeout_seconds} s"
                raise TimeoutError(message)
            time.sleep(0.02)
        return self.deliveries(partner)

    @property
    def names(self) -> list[str]:
        return [name for name in self.ready if name != "control_token"]

    @staticmethod
    def _checked(response: httpx.Response) -> Json:
        if response.is_error:
            message = f"{response.request.url}: {response.status_code} {response.text}"
            raise AssertionError(message)
        document: Json = response.json()
        return document


@contextlib.contextmanager
def running(
    config: Json | None = None, names: Sequence[str] = (), state_dir: Path | None = None
) -> Iterator[Partners]:
    """The named partners (all by default), stopped at the end. See docs/sandbox.md for `config`."""
    loop = asyncio.new_event_loop()
    fleet = registry.fleet(config or {}, names, state_dir)
    thread = threading.Thread(target=loop.run_forever, name="partners")
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(fleet.start(), loop).result(timeout=20)
        headers = {"X-Sandbox-Control": fleet.token}
        with httpx.Client(headers=headers, trust_env=False, timeout=20) as client:
            yield Partners(fleet.ready, client)
    finally:
        asyncio.run_coroutine_threadsafe(fleet.stop(), loop).result(timeout=20)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
