"""Call Shopify's GraphQL Admin API: one address, and errors with HTTP 200."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn, TypeVar

from doorstep.adapters.channels.shopify.wire import graphql
from doorstep.kernel import errors, http, parsing
from doorstep.kernel.http import decoding

Answer = TypeVar("Answer")


class Client:
    """Runs queries and mutations; the session has the shop's address and signs with its token."""

    def __init__(self, session: http.Session, *, api_version: str) -> None:
        self._session = session
        self._path = f"/admin/api/{api_version}/graphql.json"

    def query(self, document: str, variables: Mapping[str, object], shape: type[Answer]) -> Answer:
        """Run a query; safe to repeat."""
        data = self._send(document, variables, reads=True)
        try:
            return parsing.shaped(data, shape, at="data")
        except errors.Invalid as problem:
            raise http.Unanswered(
                f"The answer has an unexpected shape: {problem.message}", maybe_done=False
            ) from problem

    def change(self, document: str, variables: Mapping[str, object], *, mutation: str) -> str:
        """Run a mutation; returns the id of what it created. Raises Rejected with Shopify's userErrors."""
        outcome = self.outcome(document, variables, mutation=mutation)
        if outcome.user_errors:
            reject(outcome)
        if outcome.made is None:
            raise http.Unanswered(f"{mutation} returned neither a result nor an error.", maybe_done=True)
        return outcome.made

    def outcome(self, document: str, variables: Mapping[str, object], *, mutation: str) -> graphql.Outcome:
        """Run a mutation; returns what it created and what Shopify refuses."""
        data = self._send(document, variables, reads=False)
        try:
            return parsing.shaped(data.get(mutation), graphql.Outcome, at=f"data.{mutation}")
        except errors.Invalid as problem:
            raise http.Unanswered(
                f"The answer has an unexpected shape: {problem.message}", maybe_done=True
            ) from problem

    def _send(self, document: str, variables: Mapping[str, object], *, reads: bool) -> dict[str, object]:
        response = self._session.send(
            "POST",
            self._path,
            json={"query": document, "variables": dict(variables)},
            reads=reads,
        )
        reply = decoding.shaped(response, graphql.Reply)
        if reply.errors:
            failure = _failure(reply, reads=reads)
            if isinstance(failure, http.Unanswered) and failure.retry_after_seconds:
                self._session.pause(failure.retry_after_seconds)
            raise failure
        if reply.data is None:
            raise http.Unanswered("The answer has no data.", maybe_done=not reads)
        return reply.data


def reject(outcome: graphql.Outcome) -> NoReturn:
    """Raise Rejected with Shopify's userErrors."""
    reported = [{"field": error.field, "message": error.message} for error in outcome.user_errors]
    words = "; ".join(error.message for error in outcome.user_errors)
    raise http.Rejected(f"Shopify rejected the request: {words}.", body=reported, reason=words)


def _failure(reply: graphql.Reply, *, reads: bool) -> errors.DoorstepError:
    """Throttling and Shopify's own failures are temporary; missing permissions and invalid documents are not."""
    codes = {error.extensions.code for error in reply.errors}
    words = "; ".join(error.message for error in reply.errors)
    if graphql.Reply.THROTTLED in codes:
        return http.Unanswered(
            f"Shopify throttles requests: {words}.",
            maybe_done=False,
            retry_after_seconds=graphql.seconds_to_wait(reply),
        )
    if codes & {"INTERNAL_SERVER_ERROR", "TIMEOUT"}:
        return http.Unanswered(f"Shopify failed: {words}.", maybe_done=not reads)
    if "ACCESS_DENIED" in codes:
        return http.AuthFailed(f"The token may not do this: {words}.", codes=sorted(codes))
    return http.Rejected(f"Shopify refuses the query: {words}.", codes=sorted(codes))
