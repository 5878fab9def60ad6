"""The bodies of webhooks, in the vendor's shapes: statuses, inbound messages, preferences, reviews of templates."""

from __future__ import annotations

import hashlib

from doorstep_sandbox.frame import clock
from doorstep_sandbox.frame.wire import Json

WINDOW_SECONDS = 24 * 3600


def body(account_id: str, field: str, *values: Json) -> Json:
    """One POST; several values are several entries, as the vendor collects them."""
    changes = [{"id": account_id, "changes": [{"value": value, "field": field}]} for value in values]
    return {"object": "whatsapp_business_account", "entry": changes}


def value(phone: Json, number: str, name: str, **more: object) -> Json:
    """What the changes about a recipient have in common."""
    contact = {"profile": {"name": name}, "wa_id": number, "user_id": user_id(number)}
    return {
        "messaging_product": "whatsapp",
        "metadata": {
            "display_phone_number": phone["display_phone_number"],
            "phone_number_id": phone["id"],
        },
        "contacts": [contact],
        **more,
    }


def user_id(number: str) -> str:
    return "US." + str(int(hashlib.sha256(number.encode()).hexdigest()[:16], 16))[:20]


def status(message: Json, name: str, error: Json | None = None) -> Json:
    found: Json = {
        "id": message["id"],
        "status": name,
        "timestamp": str(clock.epoch()),
        "recipient_id": message["to"],
    }
    if message["callback_data"]:
        found["biz_opaque_callback_data"] = message["callback_data"]
    if error:
        return {**found, "errors": [error]}
    conversation: Json = {"id": message["conversation_id"], "origin": {"type": message["category"]}}
    if name == "sent":
        conversation["expiration_timestamp"] = str(clock.epoch() + WINDOW_SECONDS)
    pricing = {"billable": True, "pricing_model": "PMP", "category": message["category"]}
    return {**found, "conversation": conversation, "pricing": pricing}


def text(identifier: str, number: str, words: str, reply_to: str | None, phone: Json) -> Json:
    found: Json = {
        "from": number,
        "id": identifier,
        "timestamp": str(clock.epoch()),
        "text": {"body": words},
        "type": "text",
    }
    if reply_to:
        found["context"] = {"from": phone["display_phone_number"], "id": reply_to}
    return found


def preference(number: str, wanted: str) -> Json:
    return {
        "wa_id": number,
        "detail": f"User requested to {wanted} marketing messages",
        "category": "marketing_messages",
        "value": wanted,
        "timestamp": clock.epoch(),
    }


def review(template: Json, reason: str) -> Json:
    return {
        "event": template["status"],
        "message_template_id": int(template["id"]),
        "message_template_name": template["name"],
        "message_template_language": template["language"],
        "reason": reason,
        "message_template_category": template["category"],
    }
