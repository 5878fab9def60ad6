"""Implement ERPNext: GST invoices and credit notes as submitted Sales Invoices, one per reference."""

from __future__ import annotations

from collections.abc import Sequence

import pydantic

from doorstep.adapters.erp.erpnext import client, wire
from doorstep.domain.connections import model as connections
from doorstep.domain.invoicing import model as invoicing
from doorstep.kernel import errors, http
from doorstep.kernel.message import Message

_INVOICE = "Sales Invoice"
_SUBMITTED = 1


class Settings(pydantic.BaseModel):
    """One ERPNext site with the India Compliance app."""

    base_url: str = pydantic.Field(description="Address of the site, as in https://erp.example.com.")
    api_key: str = pydantic.Field(description="API key of the integration's user.")
    api_secret: pydantic.SecretStr = pydantic.Field(description="API secret of the integration's user.")
    reference_field: str = pydantic.Field(
        default="doorstep_ref", description="Custom unique field of Sales Invoice that holds our reference."
    )
    cgst_account: str = pydantic.Field(default="Output Tax CGST", description="Account for CGST.")
    sgst_account: str = pydantic.Field(default="Output Tax SGST", description="Account for SGST.")
    igst_account: str = pydantic.Field(default="Output Tax IGST", description="Account for IGST.")
    customer_group: str = pydantic.Field(default="Individual", description="Group of new customers.")
    territory: str = pydantic.Field(default="India", description="Territory of new customers.")
    item_codes: bool = pydantic.Field(
        default=True, description="ERPNext has every SKU as an Item; otherwise lines have only names."
    )


class Erpnext:
    """Satisfies invoicing.ports.AccountingSystem."""

    def __init__(self, settings: Settings, session: http.Session) -> None:
        self._client = client.Client(
            session, api_key=settings.api_key, api_secret=settings.api_secret.get_secret_value()
        )
        self._books = wire.Books(
            reference_field=settings.reference_field,
            cgst_account=settings.cgst_account,
            sgst_account=settings.sgst_account,
            igst_account=settings.igst_account,
            customer_group=settings.customer_group,
            territory=settings.territory,
            item_codes=settings.item_codes,
        )

    def test_connection(self) -> Sequence[connections.CheckFinding]:
        """Search by our reference field: a site without it refuses."""
        field = self._books.reference_field
        self._client.find(_INVOICE, **{field: "doorstep-check"})
        found = Message("Sales Invoice has the field %(field)s.", field=field)
        return [connections.CheckFinding(Message("Reference field"), is_ok=True, message=found)]

    def post(self, document: invoicing.Document) -> invoicing.PostedDocument:
        """Find the reference, create what is missing, submit a draft.

        A draft whose total differs from ours stays a draft and raises Rejected: a person compares the two.
        """
        found = self._find(document)
        if found is not None and found.docstatus == _SUBMITTED:
            return invoicing.PostedDocument(number=found.name)
        draft = self._create(document) if found is None else self._client.read(_INVOICE, found.name)
        if draft.docstatus != _SUBMITTED:
            if not wire.is_total_equal(draft, document):
                raise http.Rejected(
                    f"ERPNext computes another total for {draft.name}: {draft.grand_total}.",
                    number=draft.name,
                )
            self._client.submit(_INVOICE, draft.name)
        return invoicing.PostedDocument(number=draft.name)

    def find(self, document: invoicing.Document) -> invoicing.PostedDocument | None:
        """Find the submitted document under our reference; a draft is not posted yet."""
        found = self._find(document)
        if found is None or found.docstatus != _SUBMITTED:
            return None
        return invoicing.PostedDocument(number=found.name)

    def _find(self, document: invoicing.Document) -> wire.Row | None:
        return self._client.find(_INVOICE, **{self._books.reference_field: document.reference})

    def _create(self, document: invoicing.Document) -> wire.Made:
        body = wire.sales_invoice(
            document, self._books, customer=self._customer(document.buyer), against=self._against(document)
        )
        try:
            return self._client.create(_INVOICE, body)
        except errors.Conflict:
            found = self._find(document)  # the unique field shows that another call created it first
            if found is None:
                raise
            return self._client.read(_INVOICE, found.name)

    def _customer(self, buyer: invoicing.Buyer) -> str:
        label = wire.customer_label(buyer)
        found = self._client.find("Customer", customer_name=label)
        if found is not None:
            return found.name
        return self._client.create("Customer", wire.customer(buyer, self._books)).name

    def _against(self, document: invoicing.Document) -> str:
        """The number of the invoice that a credit note corrects, searched if only our reference is known."""
        if document.against_number or not document.against_reference:
            return document.against_number
        found = self._client.find(_INVOICE, **{self._books.reference_field: document.against_reference})
        return found.name if found else ""


CONNECTOR = connections.Connector(
    id="erpnext",
    kind=connections.Kind.ERP,
    label="ERPNext",
    settings=Settings,
    connect=Erpnext,
    vendor=connections.Vendor(
        connections.Maturity.BETA,
        "A partner server with the rules of Sales Invoice and India Compliance.",
        "https://docs.frappe.io/erpnext",
        countries=("IN",),
    ),
    features=frozenset({"test", "invoice", "credit_note"}),
)
