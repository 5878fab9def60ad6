"""Send webhooks as vendors do: signed, retried with back-off; on demand repeated, reordered, broken or forged."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import heapq
import random
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence

import httpx

from doorstep_sandbox.frame import clock
from doorstep_sandbox.frame.wire import Json, compact

TIMEOUT_SECONDS = 5.0
SHUFFLE_WINDOW_SECONDS = 0.4


@dataclasses.dataclass(frozen=True, slots=True)
class Draft:
    """The content that a partner signs: `forge` requests headers with a wrong signature or password."""

    topic: str
    body: bytes
    event_id: str
    delivery_id: str
    triggered_at: str
    forge: bool


Sign = Callable[[Draft], dict[str, str]]
Prepare = Callable[[httpx.AsyncClient, str], Awaitable[bool]]


@dataclasses.dataclass(slots=True)
class Delivery:
    """One message to one address; `state` is held, due, delivered or given_up."""

    number: int
    topic: str
    url: str
    event_id: str
    body: bytes
    headers: dict[str, str]
    due_at: float
    state: str = "due"
    attempts: list[Json] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(slots=True)
class Manner:
    """How deliveries behave until POST /_control/webhooks changes it."""

    url: str = ""
    duplicates: int = 0
    shuffle_seed: int | None = None
    hold: bool = False
    malformed_next: int = 0
    wrong_signature_next: int = 0
    backoff_factor: float = 0.001
    shuffle_window_seconds: float = SHUFFLE_WINDOW_SECONDS


class Outgoing:
    """The queue of one partner. Deliveries are sent one after the other, in the order in which they are due.

    A vendor that checks an address before it sends there sets `prepare`; while that says no, an attempt fails.
    """

    def __init__(self, sign: Sign, retry_seconds: Sequence[float], manner: Manner) -> None:
        self.sign = sign
        self.retry_seconds = tuple(retry_seconds)
        self.manner = manner
        self.prepare: Prepare | None = None
        self.deliveries: list[Delivery] = []
        self._due: list[tuple[float, int, Delivery]] = []
        self._wake = asyncio.Event()
        self._random = random.Random(manner.shuffle_seed)

    def configure(self, changes: Json) -> None:
        """Raises ValueError for an unknown field."""
        names = {field.name for field in dataclasses.fields(Manner)}
        unknown = set(changes) - names
        if unknown:
            message = f"unknown webhook setting: {', '.join(sorted(unknown))}"
            raise ValueError(message)
        for name, value in changes.items():
            setattr(self.manner, name, value)
        if "shuffle_seed" in changes:
            self._random = random.Random(self.manner.shuffle_seed)

    def post(self, topic: str, document: object, urls: Sequence[str] = (), *, default: bool = True) -> None:
        """Queue an event for the configured address (`default`) and for each of `urls` (subscriptions of the API)."""
        event_id = str(uuid.uuid4())
        addresses = [url for url in (self.manner.url if default else "", *urls) if url]
        if not addresses:
            return
        body = document if isinstance(document, bytes) else compact(document)
        if self.manner.malformed_next > 0:
            self.manner.malformed_next -= 1
            body = body[: max(1, len(body) * 2 // 3)]
        forge = self.manner.wrong_signature_next > 0
        if forge:
            self.manner.wrong_signature_next -= 1
        for address in addresses:
            for _ in range(1 + self.manner.duplicates):
                self._queue(topic, address, event_id, body, forge=forge)
        self._wake.set()

    def _queue(self, topic: str, url: str, event_id: str, body: bytes, *, forge: bool) -> None:
        draft = Draft(topic, body, event_id, str(uuid.uuid4()), clock.now().isoformat(), forge)
        delay = 0.0
        if self.manner.shuffle_seed is not None and not self.manner.hold:
            delay = self._random.uniform(0, self.manner.shuffle_window_seconds)
        headers = {"Content-Type": "application/json", **self.sign(draft)}
        delivery = Delivery(
            len(self.deliveries) + 1, topic, url, event_id, body, headers, time.monotonic() + delay
        )
        self.deliveries.append(delivery)
        if self.manner.hold:
            delivery.state = "held"
        else:
            self._schedule(delivery, delivery.due_at)

    def _schedule(self, delivery: Delivery, due_at: float) -> None:
        delivery.state, delivery.due_at = "due", due_at
        heapq.heappush(self._due, (due_at, delivery.number, delivery))

    def flush(self) -> int:
        """Send what is held, in random order if there is a seed. Returns how many."""
        held = [delivery for delivery in self.deliveries if delivery.state == "held"]
        if self.manner.shuffle_seed is not None:
            self._random.shuffle(held)
        moment = time.monotonic()
        for position, delivery in enumerate(held):
            self._schedule(delivery, moment + position * 1e-6)
        self._wake.set()
        return len(held)

    def clear(self) -> None:
        self.deliveries.clear()
        self._due.clear()

    @property
    def pending(self) -> int:
        """Deliveries that are still to be sent or retried."""
        return sum(delivery.state == "due" for delivery in self.deliveries)

    async def run(self) -> None:
        """Send until the task is canceled."""
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False) as client:
            while True:
                wait = self._due[0][0] - time.monotonic() if self._due else None
                if wait is None or wait > 0:
                    await self._sleep(wait)
                else:
                    await self._attempt(client, heapq.heappop(self._due)[2])

    async def _sleep(self, seconds: float | None) -> None:
        self._wake.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), seconds)

    async def send(self, client: httpx.AsyncClient, delivery: Delivery) -> int:
        """Send once; the status of the answer."""
        response = await client.post(delivery.url, content=delivery.body, headers=delivery.headers)
        return response.status_code

    async def _attempt(self, client: httpx.AsyncClient, delivery: Delivery) -> None:
        attempt: Json = {"at": clock.now().isoformat(), "status": None, "error": None}
        try:
            if self.prepare is None or await self.prepare(client, delivery.url):
                attempt["status"] = await self.send(client, delivery)
            else:
                attempt["error"] = "the address did not pass the vendor's check"
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            attempt["error"] = type(error).__name__
        delivery.attempts.append(attempt)
        status = attempt["status"]
        if status is not None and httpx.codes.is_success(status):
            delivery.state = "delivered"
        elif len(delivery.attempts) > len(self.retry_seconds):
            delivery.state = "given_up"
        else:
            pause = self.retry_seconds[len(delivery.attempts) - 1] * self.manner.backoff_factor
            self._schedule(delivery, time.monotonic() + pause)
