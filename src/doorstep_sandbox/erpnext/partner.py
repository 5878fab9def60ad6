"""Serve ERPNext: documents by REST, drafts and submission, declared custom fields."""

from __future__ import annotations

import hmac
import json
import urllib.parse
from typing import ClassVar

from starlette.responses import JSONResponse, Response

from doorstep_sandbox.erpnext import doctypes, errors, invoice, query
from doorstep_sandbox.frame import clock, outgoing
from doorstep_sandbox.frame.calls import Call, Route, route
from doorstep_sandbox.frame.partner import Partner, Verb
from doorstep_sandbox.frame.wire import Json

USER = "api@example.com"
OURS = ("custom_", "doorstep_")
REFERENCE_FIELDS = ("doorstep_ref", "custom_doorstep_ref")


class ErpNext(Partner):
    """`documents` in the settings exist from the start; reference fields are unique for every DocType."""

    name = "erpnext"
    empty_state: ClassVar[Json] = {"documents": {}, "series": {}}
    generated: ClassVar[dict[str, int]] = {"api_key": 8, "api_secret": 8}

    def routes(self) -> list[Route]:
        return [
            route(
                "GET",
                "/api/method/frappe.auth.get_logged_user",
                lambda _call: JSONResponse({"message": USER}),
            ),
            route("POST", "/api/method/frappe.client.submit", self.submit_method),
            route("GET", "/api/resource/{doctype}", self.list_documents),
            route("POST", "/api/resource/{doctype}", self.create),
            route("GET", "/api/resource/{doctype}/{name}", self.fetch),
            route("PUT", "/api/resource/{doctype}/{name}", self.update),
            route("DELETE", "/api/resource/{doctype}/{name}", self.delete),
        ]

    def verbs(self) -> dict[str, Verb]:
        return {"seed": self.seed}

    def authorize(self, call: Call) -> Response | None:
        expected = f"token {self.settings['api_key']}:{self.settings['api_secret']}"
        if hmac.compare_digest(call.headers.get("authorization", ""), expected):
            return None
        return errors.response("AuthenticationError", "Invalid API key or secret")

    def sign(self, draft: outgoing.Draft) -> dict[str, str]:
        return {}

    def resource(self, call: Call) -> str:
        """A document by its name or, without a name, by the caller's own reference."""
        if call.method == "GET" or "name" in call.params:
            return super().resource(call) + call.query.get("filters", "")
        body = self._body(call)
        named = body.get("doc", body)
        own = next((named[field] for field in REFERENCE_FIELDS if named.get(field)), None)
        return f"{super().resource(call)}/{own or named.get('name') or named.get('item_code') or ''}"

    def error(self, status: int, message: str, headers: dict[str, str] | None = None) -> Response:
        kinds = {code: kind for kind, code in errors.STATUS.items()}
        return errors.response(kinds.get(status, "ValidationError"), message, headers)

    # vendor calls

    def list_documents(self, call: Call) -> Response:
        doctype = self._doctype(call.params["doctype"])
        return JSONResponse({"data": query.select(list(self._of(doctype.name).values()), call.query)})

    def create(self, call: Call) -> Response:
        doctype = self._doctype(call.params["doctype"])
        return JSONResponse({"data": self._insert(doctype, self._body(call))})

    def fetch(self, call: Call) -> Response:
        return JSONResponse({"data": self._get(call.params["doctype"], call.params["name"])})

    def update(self, call: Call) -> Response:
        """Update a draft; {"docstatus": 1} submits it, {"docstatus": 2} cancels a submitted one."""
        doctype = self._doctype(call.params["doctype"])
        document = self._get(doctype.name, call.params["name"])
        changes = self._body(call)
        seen = changes.pop("modified", document["modified"])
        if seen != document["modified"]:
            raise errors.refuse(
                "TimestampMismatchError", "Document has been modified after you have opened it"
            )
        status = int(changes.pop("docstatus", document["docstatus"]))
        changes = {key: value for key, value in changes.items() if document.get(key) != value}
        if changes and document["docstatus"]:
            message = f"Not allowed to change {', '.join(changes)} after submission"
            raise errors.refuse("UpdateAfterSubmitError", message)
        fresh = {**document, **self._known(doctype, changes)}
        self._validate(doctype, fresh)
        document.update(fresh)
        self._set_status(doctype, document, status)
        return JSONResponse({"data": document})

    def delete(self, call: Call) -> Response:
        document = self._get(call.params["doctype"], call.params["name"])
        if document["docstatus"] == 1:
            raise errors.refuse("ValidationError", "Submitted Record cannot be deleted")
        del self._of(document["doctype"])[document["name"]]
        return JSONResponse({"message": "ok"}, 202)

    def submit_method(self, call: Call) -> Response:
        """frappe.client.submit: insert the document if it has no name, and submit it."""
        raw = self._body(call).get("doc", {})
        given: Json = json.loads(raw) if isinstance(raw, str) else raw
        doctype = self._doctype(str(given.get("doctype", "")))
        known = self._of(doctype.name).get(str(given.get("name", "")))
        document = known or self._insert(doctype, given)
        self._set_status(doctype, document, 1)
        return JSONResponse({"message": document})

    # control verb

    def seed(self, body: Json) -> Json:
        """Store documents without validation; each needs its doctype."""
        for given in body["documents"]:
            self._store(self._doctype(given["doctype"]), dict(given))
        return {"documents": {kind: sorted(found) for kind, found in self.state["documents"].items()}}

    # work

    def _insert(self, doctype: doctypes.DocType, body: Json) -> Json:
        document = self._known(doctype, body)
        missing = [field for field in doctype.required if document.get(field) in (None, "", [])]
        if missing:
            raise errors.refuse("MandatoryError", f"[{doctype.name}, new]: {', '.join(missing)}")
        status = int(document.pop("docstatus", 0))
        document["name"] = self._new_name(doctype, document)
        self._check_unique(doctype, document)
        self._validate(doctype, document)
        if doctype.series:
            self._count(document)
        stored = self._store(doctype, document)
        self._set_status(doctype, stored, status)
        return stored

    def _known(self, doctype: doctypes.DocType, body: Json) -> Json:
        """Drop undeclared custom fields, as Frappe does without an error."""
        declared = {
            one["fieldname"] for one in self._of("Custom Field").values() if one["dt"] == doctype.name
        } | set(REFERENCE_FIELDS)
        return {key: value for key, value in body.items() if not key.startswith(OURS) or key in declared}

    def _validate(self, doctype: doctypes.DocType, document: Json) -> None:
        for field, target in doctype.links:
            value = document.get(field)
            if value and self.lookup(target, str(value)) is None:
                raise errors.refuse(
                    "LinkValidationError", f"Could not find {field.replace('_', ' ').title()}: {value}"
                )
        if doctype.name == "Sales Invoice":
            name = document["name"]
            returns = [
                one
                for one in self._of("Sales Invoice").values()
                if one.get("is_return")
                and one.get("return_against") == document.get("return_against")
                and one["docstatus"] == 1
                and one["name"] != name
            ]
            invoice.prepare(document, self.lookup, returns)

    def _new_name(self, doctype: doctypes.DocType, document: Json) -> str:
        if doctype.series:
            series = str(
                document.get("naming_series") or self.settings.get("naming_series") or doctype.series
            )
            prefix = doctypes.series_prefix(series)
            number = self.state["series"].get(prefix, 0) + 1
            name = f"{prefix}{number:0{doctypes.series_width(series)}d}"
            if len(name) > doctypes.MAX_GST_NAME:
                message = f"Transaction Name must be {doctypes.MAX_GST_NAME} characters or fewer to meet GST requirements"
                raise errors.refuse("ValidationError", message)
            document["naming_series"] = series
            return name
        name = doctypes.natural_name(doctype, document)
        taken = self._of(doctype.name)
        if name not in taken:
            return name
        if not doctype.copies_allowed:
            raise errors.refuse("DuplicateEntryError", f"('{doctype.name}', '{name}')")
        count = sum(other == name or other.startswith(f"{name} - ") for other in taken)
        return f"{name} - {count}"

    def _count(self, document: Json) -> None:
        prefix = doctypes.series_prefix(document["naming_series"])
        self.state["series"][prefix] = int(document["name"].removeprefix(prefix))

    def _check_unique(self, doctype: doctypes.DocType, document: Json) -> None:
        """A unique custom field is a 417 in Frappe; only a taken name is a 409."""
        declared = {
            one["fieldname"]
            for one in self._of("Custom Field").values()
            if one["dt"] == doctype.name and int(one.get("unique") or 0)
        }
        for field in declared | set(REFERENCE_FIELDS):
            value = document.get(field)
            if value and any(other.get(field) == value for other in self._of(doctype.name).values()):
                raise errors.refuse("UniqueValidationError", f"{field} must be unique: {value}")

    def _store(self, doctype: doctypes.DocType, document: Json) -> Json:
        moment = self._stamp()
        document.setdefault("name", document.get(doctype.named_by))
        document.update(
            doctype=doctype.name, docstatus=0, owner=USER, creation=moment, modified=moment, modified_by=USER
        )
        for field, child in doctype.tables:
            for position, row in enumerate(document.get(field) or [], 1):
                keys = {"name": f"{document['name']}-{field}-{position}", "idx": position, "doctype": child}
                row.update(
                    keys, parent=document["name"], parentfield=field, parenttype=doctype.name, docstatus=0
                )
        self._of(doctype.name)[document["name"]] = document
        return document

    def _set_status(self, doctype: doctypes.DocType, document: Json, status: int) -> None:
        if status == document["docstatus"]:
            document["modified"] = self._stamp()
            return
        if not doctype.submittable or (document["docstatus"], status) not in {(0, 1), (1, 2)}:
            raise errors.refuse("DocstatusTransitionError", f"Cannot change docstatus to {status}")
        document.update(docstatus=status, modified=self._stamp())
        if doctype.name == "Sales Invoice":
            submitted = "Return" if document.get("is_return") else "Unpaid"
            document["status"] = submitted if status == 1 else "Cancelled"

    def _stamp(self) -> str:
        return clock.now().astimezone(clock.IST).strftime("%Y-%m-%d %H:%M:%S.%f")

    def _body(self, call: Call) -> Json:
        try:
            return call.json()
        except ValueError:
            form = dict(urllib.parse.parse_qsl(call.body.decode(errors="replace")))
            if not form:
                raise errors.refuse("ValidationError", "Invalid JSON in request body") from None
            return form

    def _doctype(self, name: str) -> doctypes.DocType:
        known = doctypes.DOCTYPES.get(name)
        if known is None:
            raise errors.refuse("DoesNotExistError", f"DocType {name} not found")
        return known

    def _of(self, doctype: str) -> dict[str, Json]:
        if not self.state["documents"]:
            self.state["documents"] = {"Company": {}}
            self.seed({"documents": self.settings.get("documents", [])})
        found: dict[str, Json] = self.state["documents"].setdefault(doctype, {})
        return found

    def _get(self, doctype: str, name: str) -> Json:
        document = self.lookup(self._doctype(doctype).name, name)
        if document is None:
            raise errors.refuse("DoesNotExistError", f"{doctype} {name} not found")
        return document

    def lookup(self, doctype: str, name: str) -> Json | None:
        return self._of(doctype).get(name)
