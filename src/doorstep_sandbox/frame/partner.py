"""The base of every partner server: routes, credentials, one JSON state, vendor-specific errors."""

from __future__ import annotations

import copy
import json
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

from starlette.responses import JSONResponse, Response

from doorstep_sandbox.frame import faults, limits, outgoing
from doorstep_sandbox.frame.calls import Call, Route
from doorstep_sandbox.frame.wire import Json

Verb = Callable[[Json], Json]
TOO_MANY = 429


class Partner:
    """State is one JSON document, changed only on the event loop between two awaits, so that it needs no lock."""

    name: ClassVar[str]
    retry_seconds: ClassVar[Sequence[float]] = (5.0, 30.0, 300.0)
    empty_state: ClassVar[Json] = {}
    generated: ClassVar[dict[str, int]] = {}

    def __init__(self, settings: Json, *, state_file: Path | None = None) -> None:
        self.settings: Json = {**self.generate(), **settings}
        self.state_file = state_file
        self.state: Json = copy.deepcopy(self.empty_state)
        if state_file and state_file.exists():
            self.state |= json.loads(state_file.read_text(encoding="utf-8"))
        self.faults = faults.Faults()
        self.calls: list[Json] = []
        self.base_url = ""
        manner = outgoing.Manner(url=str(self.settings.get("webhook_url", "")))
        manner.backoff_factor = float(self.settings.get("backoff_factor", manner.backoff_factor))
        self.hooks = outgoing.Outgoing(self.sign, self.retry_seconds, manner)
        limit: Json = self.settings.get("rate_limit", {})
        self.bucket = limits.Bucket(limit.get("maximum", 1000), limit.get("restore_rate", 500))

    @classmethod
    def generate(cls) -> Json:
        """Credentials for the settings that the configuration lacks."""
        return {name: secrets.token_hex(size) for name, size in cls.generated.items()}

    def routes(self) -> list[Route]:
        raise NotImplementedError

    def verbs(self) -> dict[str, Verb]:
        """Control verbs besides the common ones; each takes and returns a JSON object."""
        return {}

    def authorize(self, call: Call) -> Response | None:
        """None accepts the call; otherwise the vendor's error."""
        raise NotImplementedError

    def sign(self, draft: outgoing.Draft) -> dict[str, str]:
        """The headers that prove that a webhook comes from the vendor."""
        raise NotImplementedError

    def operation(self, call: Call) -> str:
        """A more specific name than the route, if one route serves many operations."""
        return ""

    def resource(self, call: Call) -> str:
        """The target of a call, for `each_once`: its path parameters unless a partner defines another."""
        return "/".join(call.params.values())

    def idempotency_key(self, call: Call) -> str:
        return ""

    def over_limit(self, call: Call) -> Response | None:
        return None if self.bucket.take(1) else self.too_many(call)

    def too_many(self, call: Call) -> Response:
        return self.error(TOO_MANY, "Too many requests", headers={"Retry-After": "1"})

    def server_error(self, call: Call) -> Response:
        return self.error(500, "Internal Server Error")

    def unknown(self, call: Call) -> Response:
        return self.error(404, "Not Found")

    def error(self, status: int, message: str, headers: dict[str, str] | None = None) -> Response:
        return JSONResponse({"message": message, "status_code": status}, status, headers)

    def view(self) -> Json:
        """The content of /_control/state."""
        return self.state

    def credentials(self) -> Json:
        """What the ready file holds for the other side."""
        return {key: self.settings[key] for key in self.generated}

    async def open(self) -> Json:
        """Start servers other than HTTP; the result is written to the ready file."""
        return {}

    async def close(self) -> None:
        """Stop what `open` started."""

    def reset(self) -> None:
        self.state = copy.deepcopy(self.empty_state)
        self.faults.replace([])
        self.calls.clear()
        self.hooks.clear()
        self.save()

    def save(self) -> None:
        if self.state_file is None:
            return
        draft = self.state_file.with_suffix(".new")
        draft.write_text(json.dumps(self.state), encoding="utf-8")
        draft.replace(self.state_file)

    def next_number(self, name: str, start: int) -> int:
        """A counter in the state, so that it continues after a restart."""
        counters: dict[str, int] = self.state.setdefault("counters", {})
        counters[name] = counters.get(name, start - 1) + 1
        return counters[name]
