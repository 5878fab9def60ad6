"""Outgoing HTTP: every call to a partner goes through `Session.send`."""

from __future__ import annotations

import functools
import ssl
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Self, Unpack
from urllib.parse import urlsplit

import httpx
import msgspec
import prometheus_client
import tenacity

from doorstep.kernel import errors, log
from doorstep.kernel.http import responses, throttle
from doorstep.kernel.http.call import Authorize, Call, Details, Mode

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


class Session:
    """Calls to one partner over one connection. One per process: limits and circuit are kept in it; thread-safe."""

    def __init__(
        self,
        name: str,
        base_url: str,
        *,
        mode: Mode = "live",
        authorize: Authorize | None = None,
        headers: Mapping[str, str] | None = None,
        policy: throttle.Policy | None = None,
    ) -> None:
        """`name` appears in logs, metrics and messages; `authorize` signs each finished request."""
        self.name = name
        self.mode = mode
        self._policy = policy or throttle.Policy()
        self._authorize = authorize
        self._base = base_url.rstrip("/")
        self._guard = throttle.Throttle(name, self._policy)
        timeout = httpx.Timeout(self._policy.timeout_seconds, connect=self._policy.connect_timeout_seconds)
        self._client = httpx.Client(
            timeout=timeout, headers={"User-Agent": "doorstep", **(headers or {})}, verify=_trusted()
        )

    def send(self, method: str, path: str, **details: Unpack[Details]) -> responses.Response:
        """Send a request and return a good response (status below 300). `path` may be a full address of the same host.

        Retries only where that is safe. Raises SwitchedOff, Shadowed, AuthFailed, errors.NotFound,
        errors.Conflict, Rejected, or Unanswered, whose `maybe_done` covers all attempts together.
        """
        call = Call(method.upper(), path, details)
        if self.mode == "off":
            raise responses.SwitchedOff(f"{self.name} is switched off.", connection=self.name)
        request = self._build(call)
        if self.mode == "shadow" and not call.reads:
            raise self._shadow(call, request)
        return _Exchange(call, self._attempt, self._policy).run(request)

    def close(self) -> None:
        """Close the connections to the partner."""
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
            headers[self._policy.idempotency_header] = key
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
        if self._authorize:
            self._authorize(request)
        trial = self._guard.enter()
        began, outcome, healthy = time.monotonic(), "broken", False
        try:
            response = self._exchange(request, reads=call.reads)
            outcome, healthy = str(response.status), response.status < 500  # noqa: PLR2004 - 5xx is the partner's fault
            self._judge(response)
            return response
        except responses.Unanswered as failure:
            outcome = str(failure.data.get("status", "malformed" if healthy else "unanswered"))
            raise
        finally:
            self._guard.leave(trial=trial, healthy=healthy)
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
        deadline = time.monotonic() + self._policy.timeout_seconds
        response = self._client.send(request, stream=True)
        body = bytearray()
        try:
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > self._policy.response_limit_bytes:
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
        policy: throttle.Policy,
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
