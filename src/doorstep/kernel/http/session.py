"""Outgoing HTTP: every call to a partner goes through `Session.send`."""

from __future__ import annotations

import functools
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from types import TracebackType
from typing import Protocol, Self, Unpack
from urllib.parse import urlsplit

import httpx
import msgspec
import prometheus_client
import tenacity

from doorstep.kernel import errors, log, transactions
from doorstep.kernel.http import responses
from doorstep.kernel.http.call import Authorize, Call, Details, Mode, ReadLimit, Renewable
from doorstep.kernel.http.gate import Gate, MemoryGate
from doorstep.kernel.http.policy import Policy
from doorstep.kernel.http.tokens import MemoryTokens, Tokens
from doorstep.kernel.limits import RateAnswer

_PAUSE_SECONDS = 1.0  # after a 429 without Retry-After, unless the limit gives back a call more slowly
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_OUR_MISTAKE = (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError)
_CALLS = prometheus_client.Counter(
    "doorstep_partner_calls", "Calls to partners", ["connection", "method", "outcome"]
)
_SECONDS = prometheus_client.Histogram(
    "doorstep_partner_call_seconds", "Time to a partner's answer", ["connection"]
)

_encoder = msgspec.json.Encoder(decimal_format="number")  # amounts go out exactly as they are
logger = log.get(__name__)


@functools.cache
def _trusted() -> ssl.SSLContext:
    """The trusted certificate authorities, loaded once: loading takes longer than opening a session."""
    return httpx.create_ssl_context()


@dataclass(frozen=True, slots=True)
class Shared:
    """What all sessions of a connection share, in all processes: its gate, its tokens, and how it reads its limits."""

    gate: Gate
    tokens: Tokens
    read_limit: ReadLimit | None = None


class Closable(Protocol):
    """What ends with a session."""

    def close(self) -> None: ...


class Session:
    """Calls to one partner over one connection. One per process; its gate is shared by all; thread-safe."""

    def __init__(
        self,
        name: str,
        base_url: str,
        *,
        mode: Mode = "live",
        authorize: Authorize | None = None,
        headers: Mapping[str, str] | None = None,
        policy: Policy | None = None,
        shared: Shared | None = None,
    ) -> None:
        """`name` appears in logs, metrics and messages; `authorize` signs each finished request."""
        self.name = name
        self.mode = mode
        self.policy = policy or Policy()
        self.authorize = authorize
        self._base = base_url.rstrip("/")
        self._shared = shared or Shared(MemoryGate(name, self.policy), MemoryTokens())
        self._others: list[Closable] = []
        timeout = httpx.Timeout(self.policy.timeout_seconds, connect=self.policy.connect_timeout_seconds)
        self._client = httpx.Client(
            timeout=timeout, headers={"User-Agent": "doorstep", **(headers or {})}, verify=_trusted()
        )

    @property
    def tokens(self) -> Tokens:
        """Where tokens of this connection are kept, for all processes."""
        return self._shared.tokens

    def to(
        self, base_url: str = "", *, authorize: Authorize | None = None, policy: Policy | None = None
    ) -> Session:
        """A session for another host of the same partner, as for its token endpoint; our credentials do not go there.

        It has the same name, mode, limits and tokens, and is closed with this one. Without an address: the same host.
        """
        other = Session(
            self.name,
            base_url or self._base,
            mode=self.mode,
            authorize=authorize,
            policy=policy or self.policy,
            shared=self._shared,
        )
        self._others.append(other)
        return other

    def send(self, method: str, path: str, **details: Unpack[Details]) -> responses.Response:
        """Send a request and return a good response (status below 300). `path` may be a full address of the same host.

        Retries only where that is safe; a token that is no longer accepted is renewed once. Raises SwitchedOff,
        Shadowed, AuthFailed, errors.NotFound, errors.Conflict, Rejected, or Unanswered, whose `maybe_done` covers all
        attempts together. RuntimeError inside a write transaction: it may run again.
        """
        transactions.refuse_in_transaction(f"{self.name}: {method} {path}")
        call = Call(method.upper(), path, details)
        if self.mode == "off":
            raise responses.SwitchedOff(f"{self.name} is switched off.", connection=self.name)
        request = self._build(call)
        if self.mode == "shadow" and not call.reads:
            raise self._shadow(call, request)
        try:
            return _Exchange(call, self._attempt, self.policy).run(request)
        except responses.AuthFailed as refusal:
            if not self._renewed(refusal):
                raise
        return _Exchange(call, self._attempt, self.policy).run(self._build(call))

    def _renewed(self, refusal: responses.AuthFailed) -> bool:
        """Whether a token that the partner refused has been fetched anew."""
        return (
            isinstance(self.authorize, Renewable)
            and self.authorize.has_ended(refusal.data)
            and self.authorize.renew()
        )

    def pause(self, seconds: float, *, operation: str = "") -> None:
        """Send nothing for a while, in every process: for vendors that ask for it inside an answer with HTTP 200."""
        self._shared.gate.report(operation, RateAnswer(pause_seconds=seconds))

    def closes(self, other: Closable) -> None:
        """Close this, too, when the session is closed: a file store of the same connection."""
        self._others.append(other)

    def close(self) -> None:
        """Close the connections to the partner."""
        for other in self._others:
            other.close()
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _build(self, call: Call) -> httpx.Request:
        details = call.details
        headers = dict(details.get("headers") or {})
        if key := details.get("idempotency_key"):
            headers[self.policy.idempotency_header] = key
        content = details.get("data")
        if "json" in details:
            content = _encoder.encode(details["json"])
            headers.setdefault("Content-Type", "application/json")
        try:
            return self._client.build_request(
                call.method,
                self._address(call.path),
                params=details.get("params"),
                headers=headers,
                content=content,
                data=details.get("form"),
            )
        except _OUR_MISTAKE as problem:
            raise errors.Invalid(
                f"The address of {self.name} is not usable: {problem}", connection=self.name
            ) from problem

    def _address(self, path: str) -> str:
        """Refuse another host than the connection's own: our credentials travel with the call."""
        if not path.startswith(("http://", "https://")):
            return f"{self._base}/{path.lstrip('/')}" if path else self._base
        if urlsplit(path)[:2] != urlsplit(self._base)[:2]:
            raise errors.Invalid(
                f"{self.name} linked to another host: {log.redact_text(path)}", connection=self.name
            )
        return path

    def _shadow(self, call: Call, request: httpx.Request) -> responses.Shadowed:
        body = (
            log.redact(call.details["json"])
            if "json" in call.details
            else log.redact_text(_text(request.content))
        )
        reported: dict[str, object] = {
            "connection": self.name,
            "method": call.method,
            "path": request.url.path,
            "body": body,
        }
        logger.info("partner call not sent (shadow)", **reported)
        _CALLS.labels(self.name, call.method, "shadow").inc()
        return responses.Shadowed(
            f"{self.name} is in shadow mode: {call.method} {request.url.path} was not sent.", **reported
        )

    def _attempt(self, call: Call, request: httpx.Request) -> responses.Response:
        """One attempt, rate-limited, measured and logged."""
        trace = log.trace_id() or log.new_trace_id()
        request.headers["traceparent"] = log.traceparent(trace)
        if self.authorize:
            self.authorize(request)
        trial = self._shared.gate.enter(call.operation)
        began, outcome, healthy = time.monotonic(), "broken", False
        try:
            response = self._exchange(request, reads=call.reads)
            outcome, healthy = str(response.status), response.status < 500  # noqa: PLR2004 - 5xx is the partner's fault
            self._follow_limits(call, response)
            self._judge(response)
            return response
        except responses.Unanswered as failure:
            outcome = str(failure.data.get("status", "malformed" if healthy else "unanswered"))
            raise
        finally:
            self._shared.gate.leave(trial=trial, healthy=healthy)
            seconds = time.monotonic() - began
            _CALLS.labels(self.name, call.method, outcome).inc()
            _SECONDS.labels(self.name).observe(seconds)
            where = {
                "host": request.url.host,
                "path": request.url.path,
                "method": call.method,
                "connection": self.name,
            }
            logger.info("partner call", status=outcome, ms=round(seconds * 1000), trace_id=trace, **where)

    def _follow_limits(self, call: Call, response: responses.Response) -> None:
        """Let the gate follow what the answer says about the vendor's limit."""
        if self._shared.read_limit and (answer := self._shared.read_limit(response.headers)):
            self._shared.gate.report(call.operation, answer)
        if response.status == HTTPStatus.TOO_MANY_REQUESTS:
            wait = responses.retry_after(response, datetime.now(UTC))
            usual = max(_PAUSE_SECONDS, self._shared.gate.interval(call.operation))
            pause = RateAnswer(pause_seconds=usual if wait is None else wait)
            self._shared.gate.report(call.operation, pause)

    def _exchange(self, request: httpx.Request, *, reads: bool) -> responses.Response:
        try:
            return self._receive(request, reads=reads)
        except _OUR_MISTAKE as problem:
            raise errors.Invalid(
                f"The call to {self.name} cannot be made: {problem}", connection=self.name
            ) from problem
        except _NEVER_SENT as problem:
            raise responses.Unanswered(
                f"{self.name} cannot be reached: {_reason(problem)}", maybe_done=False
            ) from problem
        except httpx.HTTPError as problem:
            raise responses.Unanswered(
                f"{self.name} did not answer: {_reason(problem)}", maybe_done=True
            ) from problem

    def _receive(self, request: httpx.Request, *, reads: bool) -> responses.Response:
        """Read in blocks, so that neither an endless nor a slow body can block us."""
        deadline = time.monotonic() + self.policy.timeout_seconds
        response = self._client.send(request, stream=True)
        body = bytearray()
        try:
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > self.policy.response_limit_bytes:
                    raise httpx.DecodingError("the answer is too long", request=request)
                if time.monotonic() > deadline:
                    raise httpx.ReadTimeout("the answer takes too long", request=request)
        finally:
            response.close()
        headers = {name.lower(): value for name, value in response.headers.items()}
        return responses.Response(response.status_code, headers, bytes(body), reads=reads)

    def _judge(self, response: responses.Response) -> None:
        if problem := responses.refusal(response, partner=self.name, now=datetime.now(UTC)):
            logger.warning(
                "partner answered with an error",
                connection=self.name,
                status=response.status,
                answer=problem.data["body"],
            )
            raise problem
        if response.is_json() and response.body:
            response.json()  # malformed JSON is a failed attempt


class _Exchange:
    """The attempts of one call, and what is known about all of them together."""

    def __init__(
        self,
        call: Call,
        attempt: Callable[[Call, httpx.Request], responses.Response],
        policy: Policy,
    ) -> None:
        self._call = call
        self._attempt = attempt
        self._policy = policy
        self._maybe_done = False

    def run(self, request: httpx.Request) -> responses.Response:
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self._policy.attempts),
            wait=self._wait,
            retry=tenacity.retry_if_exception(self._worth_repeating),
            reraise=True,
        )
        return retrying(self._once, request)

    def _once(self, request: httpx.Request) -> responses.Response:
        try:
            return self._attempt(self._call, request)
        except errors.DoorstepError as failure:
            if isinstance(failure, responses.Unanswered):
                self._maybe_done |= failure.maybe_done and not self._call.reads
                failure.maybe_done = self._maybe_done
            failure.data |= {
                "maybe_done": self._maybe_done,
                "method": self._call.method,
                "path": urlsplit(self._call.path).path,
            }
            raise

    def _worth_repeating(self, failure: BaseException) -> bool:
        if not isinstance(failure, responses.Unanswered):
            return False
        if (failure.retry_after_seconds or 0.0) > self._policy.longest_wait_seconds:
            return False
        return self._call.repeatable or not failure.maybe_done

    def _wait(self, state: tenacity.RetryCallState) -> float:
        failure = state.outcome.exception() if state.outcome else None
        asked = failure.retry_after_seconds if isinstance(failure, responses.Unanswered) else None
        backoff = tenacity.wait_random_exponential(
            self._policy.backoff_seconds, max=self._policy.longest_wait_seconds
        )
        return max(asked or 0.0, backoff(state))


def _reason(problem: Exception) -> str:
    return log.redact_text(str(problem)) or type(problem).__name__


def _text(content: bytes) -> str:
    return content.decode(errors="replace")[: responses.SHOWN_BODY_CHARACTERS]
