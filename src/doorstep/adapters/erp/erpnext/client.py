"""Call Frappe's REST API: documents by type and name, found by filter, submitted by status."""

from __future__ import annotations

from typing import Unpack
from urllib.parse import quote

from doorstep.adapters.erp.erpnext import wire
from doorstep.kernel import errors, http
from doorstep.kernel.http import decoding

_SUBMITTED = 1


class Client:
    """Finds, creates and submits documents."""

    def __init__(self, session: http.Session, *, api_key: str, api_secret: str) -> None:
        self._session = session
        self._headers = {"Authorization": f"token {api_key}:{api_secret}"}

    def find(self, doctype: str, **wanted: str) -> wire.Row | None:
        """The document whose fields have these values, if there is one that is not canceled."""
        response = self._send(
            "GET",
            _path(doctype),
            params={
                "filters": wire.filters(**wanted),
                "fields": '["name", "docstatus"]',
                "limit_page_length": 1,
            },
        )
        return next(iter(decoding.shaped(response, wire.Rows).data), None)

    def create(self, doctype: str, body: dict[str, object]) -> wire.Made:
        """Create a draft; a duplicate unique value is a Conflict."""
        response = self._send("POST", _path(doctype), json=body)
        return decoding.shaped(response, wire.One).data

    def read(self, doctype: str, name: str) -> wire.Made:
        """Read a document."""
        response = self._send("GET", _path(doctype, name))
        return decoding.shaped(response, wire.One).data

    def submit(self, doctype: str, name: str) -> wire.Made:
        """Submit a draft."""
        response = self._send("PUT", _path(doctype, name), json={"docstatus": _SUBMITTED})
        return decoding.shaped(response, wire.One).data

    def _send(self, method: str, path: str, **details: Unpack[http.Details]) -> http.Response:
        """Send a request; an error has ERPNext's own sentence."""
        details["headers"] = self._headers
        try:
            return self._session.send(method, path, **details)
        except errors.DoorstepError as problem:
            if problem.data.get("reason"):
                raise
            raise http.explained(problem, wire.reason(problem.data.get("body"))) from problem.__cause__


def _path(*parts: str) -> str:
    return "/".join(["api/resource", *(quote(part, safe="") for part in parts)])
