"""Call Frappe's REST API: documents by type and name, found by filter, submitted by status."""

from __future__ import annotations

from urllib.parse import quote

from doorstep.adapters.erp.erpnext import wire
from doorstep.kernel import http
from doorstep.kernel.http import reading

_SUBMITTED = 1


class Client:
    """Finds, creates and submits documents."""

    def __init__(self, session: http.Session, *, api_key: str, api_secret: str) -> None:
        self._session = session
        self._headers = {"Authorization": f"token {api_key}:{api_secret}"}

    def find(self, doctype: str, **wanted: str) -> wire.Row | None:
        """The document whose fields have these values, if there is one that is not canceled."""
        response = self._session.send(
            "GET",
            _path(doctype),
            params={
                "filters": wire.filters(**wanted),
                "fields": '["name", "docstatus"]',
                "limit_page_length": 1,
            },
            headers=self._headers,
        )
        return next(iter(reading.shaped(response, wire.Rows).data), None)

    def create(self, doctype: str, body: dict[str, object]) -> wire.Made:
        """Create a draft; a duplicate unique value is a Conflict."""
        response = self._session.send("POST", _path(doctype), json=body, headers=self._headers)
        return reading.shaped(response, wire.One).data

    def read(self, doctype: str, name: str) -> wire.Made:
        """Read a document."""
        response = self._session.send("GET", _path(doctype, name), headers=self._headers)
        return reading.shaped(response, wire.One).data

    def submit(self, doctype: str, name: str) -> wire.Made:
        """Submit a draft."""
        response = self._session.send(
            "PUT", _path(doctype, name), json={"docstatus": _SUBMITTED}, headers=self._headers
        )
        return reading.shaped(response, wire.One).data


def _path(*parts: str) -> str:
    return "/".join(["api/resource", *(quote(part, safe="") for part in parts)])
