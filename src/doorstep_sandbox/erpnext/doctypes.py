"""Describe each DocType: its naming, required fields and links."""

from __future__ import annotations

import dataclasses
import re

from doorstep_sandbox.frame import clock
from doorstep_sandbox.frame.wire import Json

MAX_GST_NAME = 16


@dataclasses.dataclass(frozen=True, slots=True)
class DocType:
    """`named_by` is the field whose value becomes the name; otherwise `series` is the default naming series."""

    name: str
    required: tuple[str, ...] = ()
    named_by: str = ""
    series: str = ""
    links: tuple[tuple[str, str], ...] = ()
    tables: tuple[tuple[str, str], ...] = ()
    submittable: bool = False
    copies_allowed: bool = False


DOCTYPES = {
    doctype.name: doctype
    for doctype in (
        DocType("Company", ("company_name", "abbr", "default_currency"), named_by="company_name"),
        DocType("Customer", ("customer_name",), named_by="customer_name", copies_allowed=True),
        DocType("Item", ("item_code", "item_group"), named_by="item_code"),
        DocType(
            "Address",
            ("address_title", "address_line1", "city", "country"),
            named_by="address_title",
            tables=(("links", "Dynamic Link"),),
            copies_allowed=True,
        ),
        DocType(
            "Sales Invoice",
            ("customer", "company", "items"),
            series="SINV-.YY.-",
            links=(("customer", "Customer"), ("company", "Company"), ("customer_address", "Address")),
            tables=(("items", "Sales Invoice Item"), ("taxes", "Sales Taxes and Charges")),
            submittable=True,
        ),
        DocType(
            "Sales Taxes and Charges Template",
            ("title", "company"),
            named_by="title",
            tables=(("taxes", "Sales Taxes and Charges"),),
        ),
        DocType(
            "Item Tax Template",
            ("title", "company"),
            named_by="title",
            tables=(("taxes", "Item Tax Template Detail"),),
        ),
        DocType("Custom Field", ("dt", "fieldname", "fieldtype"), named_by="fieldname", copies_allowed=True),
        DocType("GST HSN Code", ("hsn_code",), named_by="hsn_code"),
        DocType("Account", ("account_name", "company"), named_by="account_name"),
        DocType("Customer Group", ("customer_group_name",), named_by="customer_group_name"),
        DocType("Item Group", ("item_group_name",), named_by="item_group_name"),
        DocType("Territory", ("territory_name",), named_by="territory_name"),
    )
}


def series_prefix(series: str) -> str:
    """SINV-.YY.- in 2026 is SINV-26-; the number of trailing # is the counter's width."""
    moment = clock.now().astimezone(clock.IST)
    parts = {"YYYY": f"{moment:%Y}", "YY": f"{moment:%y}", "MM": f"{moment:%m}", "DD": f"{moment:%d}"}
    return "".join(parts.get(part, part) for part in series.split(".") if not re.fullmatch("#*", part))


def series_width(series: str) -> int:
    signs = re.search(r"#+", series)
    return len(signs.group()) if signs else 5


def natural_name(doctype: DocType, document: Json) -> str:
    name = str(document[doctype.named_by])
    if doctype.name == "Address":
        return f"{name}-{document.get('address_type') or 'Billing'}"
    if doctype.name == "Custom Field":
        return f"{document['dt']}-{name}"
    return name
