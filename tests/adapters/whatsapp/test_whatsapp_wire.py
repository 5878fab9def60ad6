"""WhatsApp's webhooks, templates and errors as ours: published bodies, and our own values for every branch."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from doorstep.adapters.messengers.whatsapp import checks, wire
from doorstep.domain.notifications.model import (
    ContactChoice,
    CustomerText,
    DeliveryReceipt,
    OutgoingMessage,
    ReceiptState,
)
from doorstep.kernel import errors
from doorstep.kernel.ids import MessageId

SPECS = Path(__file__).parents[3].parent / "shared" / "specs" / "whatsapp"
PHONE = "1122334455667"
STOP = wire.stop_words(" Stop ,, opt  out")
STAMP = 1689381258
AT = datetime.fromtimestamp(STAMP, UTC)


def published(name: str) -> dict[str, object]:
    if not SPECS.exists():
        pytest.skip(f"vendor documents are not at {SPECS}")
    document: dict[str, object] = json.loads((SPECS / "updates" / f"{name}.json").read_text(encoding="utf-8"))
    return document


def body(*values: object, field: str = "messages") -> bytes:
    """A webhook with an entry per value."""
    entries = [{"id": "1", "changes": [{"field": field, "value": value}]} for value in values]
    return json.dumps({"object": "whatsapp_business_account", "entry": entries}).encode()


def observe(*values: object, field: str = "messages") -> list[wire.Observed]:
    return wire.observe(body(*values, field=field), phone_number_id=PHONE, stop_words=STOP)


def status(name: str, **more: object) -> dict[str, object]:
    return {
        "statuses": [
            {"id": "wamid.1", "status": name, "timestamp": str(STAMP), "recipient_id": "4915", **more}
        ]
    }


def test_published_statuses_are_receipts() -> None:
    found = {}
    for name, document in published("message_status").items():
        for each in wire.observe(json.dumps(document).encode(), phone_number_id=PHONE, stop_words=STOP):
            assert isinstance(each, DeliveryReceipt)
            found[name] = each
    assert {name: found[name].state.value for name in ("sent", "delivered", "read", "played", "failed")} == {
        "sent": "sent",
        "delivered": "delivered",
        "read": "read",
        "played": "read",
        "failed": "failed",
    }
    assert found["failed"].reason.startswith("130472 User's number is part of an experiment: Failed to send")
    assert found["with_tracker"].reference


def test_published_messages_are_texts_of_customers() -> None:
    texts = []
    for document in published("message").values():
        texts += wire.observe(json.dumps(document).encode(), phone_number_id=PHONE, stop_words=STOP)
    assert all(isinstance(each, CustomerText) and each.address == "+972987654321" for each in texts)
    words = [each.text for each in texts if isinstance(each, CustomerText)]
    assert "Body Text" in words
    assert "(image)" in words


def test_published_preferences_are_choices() -> None:
    found = {
        name: wire.observe(json.dumps(document).encode(), phone_number_id="106540352242922", stop_words=STOP)
        for name, document in published("user_marketing_preferences").items()
    }
    (resumed,) = found["resume"]
    assert isinstance(resumed, ContactChoice)
    assert (resumed.address, resumed.is_opted_out, resumed.source) == ("+16505551234", False, "preference")
    assert found["signup"] == []


def test_published_reviews_of_templates_are_not_ours() -> None:
    for document in published("template_status_update").values():
        raw = json.dumps(document).encode()
        assert wire.topic(raw) == "message_template_status_update"
        assert wire.observe(raw, phone_number_id=PHONE, stop_words=STOP) == []


def test_several_entries_are_several_receipts_each_once() -> None:
    found = observe(status("sent"), status("delivered"), status("sent"), status("deleted"))
    assert found == [
        DeliveryReceipt("wamid.1", ReceiptState.SENT, AT),
        DeliveryReceipt("wamid.1", ReceiptState.DELIVERED, AT),
    ]


def test_a_customer_who_stopped_is_an_opt_out_beside_the_receipt() -> None:
    stopped = {"code": 131050, "title": "User has stopped", "error_data": {"details": "User has stopped."}}
    receipt, choice = observe(status("failed", errors=[stopped]))
    assert receipt == DeliveryReceipt("wamid.1", ReceiptState.FAILED, AT, "", "131050 User has stopped")
    assert choice == ContactChoice("+4915", is_opted_out=True, at=AT, source="block")


@pytest.mark.parametrize(
    ("sent", "text", "opts_out"),
    [
        ({"type": "text", "text": {"body": "STOP"}}, "STOP", True),
        ({"type": "text", "text": {"body": " Opt out!"}}, " Opt out!", True),
        ({"type": "text", "text": {"body": "Please stop the parcel"}}, "Please stop the parcel", False),
        ({"type": "button", "button": {"text": "Stop"}}, "Stop", True),
        ({"type": "sticker"}, "(sticker)", False),
    ],
)
def test_texts(sent: dict[str, object], text: str, opts_out: bool) -> None:
    message = {"id": "wamid.2", "from": "4915", "timestamp": STAMP, **sent}
    contact = {"wa_id": "4915", "profile": {"name": "Anna"}}
    found = observe({"contacts": [contact], "messages": [message]})
    assert found == [CustomerText("wamid.2", "+4915", "Anna", text, AT, opts_out)]


def test_what_is_about_another_number_or_field_is_left_out() -> None:
    assert observe({**status("sent"), "metadata": {"phone_number_id": "9"}}) == []
    assert observe(status("sent"), field="account_update") == []
    assert wire.topic(body()) == ""


@pytest.mark.parametrize(
    "wrong", [status("sent") | {"statuses": [{"id": 7}]}, status("sent", timestamp="soon"), {"messages": 3}]
)
def test_a_wrong_value_is_invalid_with_its_place(wrong: object) -> None:
    with pytest.raises(errors.Invalid):
        observe(status("read"), wrong)


def test_a_template_is_filled_by_name_or_by_place() -> None:
    message = OutgoingMessage(
        MessageId(7),
        "DSMSG-00000007",
        "+4915",
        "Anna",
        "",
        "",
        "",
        "shipped",
        {"name": "Anna\n  Berg", "carrier": "DHL"},
    )
    named = wire.TemplateCall("gone", "de", ("name", "tracking_url"), is_named=True)
    made = wire.message_body(message, named)
    assert (made["to"], made["biz_opaque_callback_data"]) == ("+4915", "DSMSG-00000007")
    assert made["template"] == {
        "name": "gone",
        "language": {"code": "de"},
        "components": [
            {
                "type": "body",
                "parameters": [
                    {"type": "text", "parameter_name": "name", "text": "Anna Berg"},
                    {"type": "text", "parameter_name": "tracking_url", "text": "-"},
                ],
            }
        ],
    }
    placed = wire.message_body(message, wire.TemplateCall("gone", "de", ("carrier",), is_named=False))
    assert msgspec.json.encode(placed).count(b"parameter_name") == 0
    assert "components" not in str(
        wire.message_body(message, wire.TemplateCall("gone", "de", (), is_named=True))
    )


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (190, "auth"),
        (10, "auth"),
        (200, "auth"),
        (130429, "throttled"),
        (80007, "throttled"),
        (131056, "pair_throttled"),
        (131026, "unreachable"),
        (131030, "unreachable"),
        (132001, "template"),
        (132015, "template"),
        (131000, "not_sent"),
        (131009, "other"),
    ],
)
def test_what_codes_mean(code: int, kind: str) -> None:
    refusal = {"error": {"code": code, "message": "(#1) Words", "error_data": {"details": "More."}}}
    found = wire.failure(refusal)
    assert (found.kind.value, found.words) == (kind, f"{code} (#1) Words: More.")


def test_an_answer_without_a_code_means_nothing() -> None:
    assert wire.failure("<html>") == wire.Failure(wire.Kind.OTHER, "")


def template(**given: object) -> wire.Template:
    components = [
        wire.Component("HEADER", "Hello"),
        wire.Component("BODY", "{{name}}, {{ carrier }}, {{name}}"),
    ]
    values = {"name": "gone", "language": "de", "status": "APPROVED", "parameter_format": "NAMED", **given}
    return wire.Template(**{"components": components, **values})  # type: ignore[arg-type]  # a test's values


CALL = wire.TemplateCall("gone", "de", ("name", "carrier"), is_named=True)


@pytest.mark.parametrize(
    ("known", "call", "says"),
    [
        ([template()], CALL, "gone in de is approved."),
        ([], CALL, "Meta knows no template gone"),
        ([template(language="en"), template(language="fr")], CALL, "only in en, fr"),
        ([template(status="PAUSED")], CALL, "is paused at Meta"),
        ([template(parameter_format="POSITIONAL")], CALL, "has positional parameters"),
        ([template()], wire.TemplateCall("gone", "de", ("name",), is_named=True), "fills name"),
        ([template(components=[])], wire.TemplateCall("gone", "de", (), is_named=True), "is approved"),
        (
            [template(parameter_format="POSITIONAL")],
            wire.TemplateCall("gone", "de", ("a", "b"), is_named=False),
            "is approved",
        ),
    ],
)
def test_a_check_names_what_is_wrong_with_a_template(
    known: list[wire.Template], call: wire.TemplateCall, says: str
) -> None:
    phone = wire.PhoneNumber("+49 1", "Shop", "GREEN")
    number, found = checks.findings(phone, known, {"shipped": call})
    assert (number.is_ok, str(number.message)) == (True, "Shop, +49 1")
    assert says in str(found.message)
    assert found.is_ok is ("approved." in says or says == "is approved")


def test_a_check_names_a_low_quality_and_missing_templates() -> None:
    number, none = checks.findings(wire.PhoneNumber("+49 1", "Shop", "RED"), [], {})
    assert not number.is_ok
    assert "nothing is sent" in str(none.message)
