"""WhatsApp: templates and their parameters, the 24-hour window, Meta's errors, and signed webhooks after a challenge."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from tests.sandbox.conftest import misfits, sample

BUYER = "919812345678"
BODY = {"type": "BODY", "text": "Hello {{1}}, order {{2}} has left us."}
SHIPPED = {"name": "order_shipped", "language": "en", "category": "UTILITY", "components": [BODY]}


@pytest.fixture
def ready(partners):
    partners.act("whatsapp", "template", **SHIPPED)
    return partners.ready["whatsapp"]


def templated(*values, name="order_shipped", language="en", **more):
    parameters = [{"type": "text", "text": value} for value in values]
    return {
        "type": "template",
        "template": {
            "name": name,
            "language": {"code": language},
            "components": [{"type": "body", "parameters": parameters}],
        },
        **more,
    }


def post(client, ready, message, to=BUYER):
    body = {"messaging_product": "whatsapp", "to": to, **message}
    return client.post(f"/{ready['phone_number_id']}/messages", json=body)


def code(answer):
    return answer.status_code, answer.json()["error"]["code"]


def statuses(receiver):
    values = [entry["changes"][0]["value"] for hook in receiver.hooks for entry in hook.json()["entry"]]
    return [value["statuses"][0] for value in values if "statuses" in value]


@pytest.fixture
def listening(partners, ready, receiver):
    receiver.verify_token = ready["verify_token"]
    partners.act("whatsapp", "webhooks", url=receiver.url)
    return receiver


def test_a_template_is_sent(whatsapp, ready):
    answer = post(whatsapp, ready, templated("Meera", "1001"), to="+91 98123-45678").json()
    assert answer["messaging_product"] == "whatsapp"
    assert answer["contacts"] == [{"input": "+91 98123-45678", "wa_id": BUYER}]
    assert answer["messages"][0]["id"].startswith("wamid.")


def test_nothing_is_idempotent(whatsapp, ready, partners):
    for _ in range(2):
        post(whatsapp, ready, templated("Meera", "1001"))
    assert len(partners.state("whatsapp")["messages"]) == 2


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (templated("Meera"), (400, 132000)),
        (templated("Meera", "1001", name="unknown"), (404, 132001)),
        (templated("Meera", "1001", language="de"), (404, 132001)),
        (templated("Meera", "10\n01"), (400, 132018)),
        (templated("Meera", ""), (400, 131008)),
        (templated("x" * 1020, "1001"), (400, 132005)),
        ({"type": "text", "text": {"body": ""}}, (400, 131009)),
        ({"type": "sticker"}, (400, 131051)),
    ],
)
def test_wrong_messages_get_metas_code(whatsapp, ready, message, expected):
    assert code(post(whatsapp, ready, message)) == expected


def test_an_error_has_metas_shape(whatsapp, ready):
    error = post(whatsapp, ready, templated("Meera")).json()["error"]
    assert sorted(error) == ["code", "error_data", "fbtrace_id", "message", "type"]
    assert error["message"].startswith("(#132000) ")
    assert "(1) does not match the expected number of params (2)" in error["error_data"]["details"]


@pytest.mark.parametrize(("number", "expected"), [("12", (400, 131009)), ("", (400, 131009))])
def test_a_number_must_be_one(whatsapp, ready, number, expected):
    assert code(post(whatsapp, ready, templated("Meera", "1"), to=number)) == expected


def test_named_parameters_go_by_their_names(whatsapp, ready, partners):
    part = {"type": "BODY", "text": "Hello {{name}}"}
    partners.act("whatsapp", "template", **{**SHIPPED, "parameter_format": "NAMED", "components": [part]})
    message = templated("Meera")
    assert code(post(whatsapp, ready, message)) == (400, 132012)
    message["template"]["components"][0]["parameters"][0]["parameter_name"] = "name"
    assert post(whatsapp, ready, message).is_success


@pytest.mark.parametrize(
    ("status", "expected"), [("PAUSED", 132015), ("DISABLED", 132016), ("REJECTED", 132001)]
)
def test_a_template_that_may_not_be_used(whatsapp, ready, partners, status, expected):
    partners.act("whatsapp", "review", name="order_shipped", language="en", status=status)
    assert code(post(whatsapp, ready, templated("Meera", "1")))[1] == expected


def test_a_text_needs_an_open_window(whatsapp, ready, partners, monkeypatch, tmp_path):
    partners.act("whatsapp", "script", errors_at_once=True)
    text = {"type": "text", "text": {"body": "Thanks!"}}
    assert code(post(whatsapp, ready, text)) == (400, 131047)
    partners.act("whatsapp", "inbound", number=BUYER, text="Where is it?")
    assert post(whatsapp, ready, text).is_success
    later = tmp_path / "clock"
    later.write_text(str(24 * 3600 + 60))
    monkeypatch.setenv("DOORSTEP_CLOCK_FILE", str(later))
    assert code(post(whatsapp, ready, text)) == (400, 131047)


def test_failures_come_as_a_status_unless_they_are_scripted(whatsapp, ready, partners, listening):
    partners.act("whatsapp", "recipient", number=BUYER, on_whatsapp=False)
    sent = post(whatsapp, ready, templated("Meera", "1")).json()["messages"][0]["id"]
    partners.settle("whatsapp")
    (failed,) = statuses(listening)
    assert (failed["id"], failed["status"], failed["errors"][0]["code"]) == (sent, "failed", 131026)
    partners.act("whatsapp", "script", errors_at_once=True)
    assert code(post(whatsapp, ready, templated("Meera", "1"))) == (400, 131026)


def test_a_test_number_writes_to_its_list_only(whatsapp, ready, partners):
    partners.act("whatsapp", "script", test_number=True)
    assert code(post(whatsapp, ready, templated("Meera", "1"))) == (400, 131030)
    partners.act("whatsapp", "recipient", number=BUYER, allowed=True)
    assert post(whatsapp, ready, templated("Meera", "1")).is_success


def test_marketing_stops_when_the_customer_stops_it(whatsapp, ready, partners, listening):
    partners.act("whatsapp", "template", **{**SHIPPED, "category": "MARKETING"})
    partners.act("whatsapp", "preference", number=BUYER, value="stop")
    partners.act("whatsapp", "script", errors_at_once=True)
    assert code(post(whatsapp, ready, templated("Meera", "1"))) == (400, 131050)
    partners.settle("whatsapp")
    theirs = sample("whatsapp/updates/user_marketing_preferences.json")["resume"]
    assert misfits(listening.hooks[0].json(), without_parents(theirs)) == []


@pytest.mark.parametrize(
    ("token", "script", "expected"),
    [("wrong", {}, (401, 190, None)), (None, {"token_expired": True}, (401, 190, 463))],
)
def test_tokens(whatsapp, ready, partners, token, script, expected):
    partners.act("whatsapp", "script", **script)
    if token:
        whatsapp.headers["Authorization"] = f"Bearer {token}"
    answer = post(whatsapp, ready, templated("Meera", "1"))
    assert (*code(answer), answer.json()["error"].get("error_subcode")) == expected


def test_limits_have_two_codes(whatsapp, ready, partners):
    partners.fail("whatsapp", {"kind": "status_429", "times": 2})
    assert code(post(whatsapp, ready, templated("Meera", "1"))) == (429, 130429)
    assert code(whatsapp.get(f"/{ready['phone_number_id']}")) == (429, 80007)
    partners.fail("whatsapp", {"kind": "status_500"})
    assert code(post(whatsapp, ready, templated("Meera", "1"))) == (500, 131000)


def test_the_number_says_its_quality(whatsapp, ready, partners):
    partners.act("whatsapp", "script", quality_rating="RED")
    path = f"/{ready['phone_number_id']}"
    found = whatsapp.get(path, params={"fields": "verified_name,quality_rating"}).json()
    assert found == {"id": path[1:], "verified_name": "Example Retail", "quality_rating": "RED"}
    assert code(whatsapp.get("/4711")) == (400, 100)
    assert whatsapp.get(f"/{ready['waba_id']}/phone_numbers").json()["data"][0]["id"] == path[1:]


def test_templates_are_listed_in_pages(whatsapp, ready, partners):
    for language in ("de", "fr"):
        partners.act("whatsapp", "template", **{**SHIPPED, "language": language})
    path = f"/{ready['waba_id']}/message_templates"
    first = whatsapp.get(path, params={"limit": 2}).json()
    rest = whatsapp.get(path, params={"limit": 2, "after": first["paging"]["cursors"]["after"]}).json()
    assert [one["language"] for one in first["data"] + rest["data"]] == ["en", "de", "fr"]
    assert ("next" in first["paging"], "next" in rest["paging"]) == (True, False)
    assert whatsapp.get(path, params={"language": "de"}).json()["data"][0]["status"] == "APPROVED"


def test_a_made_template_waits_for_its_review(whatsapp, ready, partners, listening):
    made = whatsapp.post(f"/{ready['waba_id']}/message_templates", json={**SHIPPED, "name": "sale"}).json()
    assert made["status"] == "PENDING"
    partners.act("whatsapp", "review", name="sale", language="en", status="APPROVED")
    partners.settle("whatsapp")
    theirs = sample("whatsapp/updates/template_status_update.json")["approved"]
    theirs["entry"][0].pop("time")
    assert misfits(listening.hooks[0].json(), theirs) == []


def without_parents(theirs):
    """The vendor's samples are of accounts with linked businesses; ours has none."""
    for entry in theirs["entry"]:
        for contact in entry["changes"][0]["value"]["contacts"]:
            contact.pop("parent_user_id")
    return theirs


@pytest.mark.parametrize("name", ["sent", "delivered", "read", "failed", "with_tracker"])
def test_statuses_have_the_shape_of_the_samples(whatsapp, ready, partners, listening, name):
    tracker = {"biz_opaque_callback_data": "m-1"} if name == "with_tracker" else {}
    sent = post(whatsapp, ready, {**templated("Meera", "1"), **tracker}).json()["messages"][0]["id"]
    wanted = "sent" if tracker else name
    if wanted in {"read", "failed"}:
        partners.act("whatsapp", "status", statuses=[{"id": sent, "status": wanted, "code": 130472}])
    partners.settle("whatsapp")
    ours = [hook.json() for hook in listening.hooks if f'"status":"{wanted}"' in hook.body.decode()]
    theirs = sample("whatsapp/updates/message_status.json")[name]
    assert misfits(ours[0], without_parents(theirs)) == []


@pytest.mark.parametrize(("case", "reply_to"), [("text", None), ("reply", "wamid.X")])
def test_inbound_texts_have_the_shape_of_the_samples(partners, ready, listening, case, reply_to):
    partners.act("whatsapp", "inbound", number=BUYER, text="STOP", reply_to=reply_to)
    partners.settle("whatsapp")
    theirs = sample("whatsapp/updates/message.json")[case]
    assert misfits(listening.hooks[0].json(), without_parents(theirs)) == []


def test_posts_are_signed(whatsapp, ready, partners, listening):
    post(whatsapp, ready, templated("Meera", "1"))
    partners.settle("whatsapp")
    for hook in listening.hooks:
        expected = hmac.new(ready["app_secret"].encode(), hook.body, hashlib.sha256).hexdigest()
        assert hook.headers["x-hub-signature-256"] == f"sha256={expected}"
    assert [one["status"] for one in statuses(listening)] == ["sent", "delivered"]


def test_statuses_come_twice_and_out_of_order(whatsapp, ready, partners, listening):
    partners.act("whatsapp", "webhooks", hold=True, duplicates=1, shuffle_seed=3)
    post(whatsapp, ready, templated("Meera", "1"))
    partners.act("whatsapp", "webhooks/flush")
    partners.settle("whatsapp")
    seen = [one["status"] for one in statuses(listening)]
    assert sorted(seen) == ["delivered", "delivered", "sent", "sent"]
    assert seen[0] == "delivered"


def test_several_statuses_are_entries_of_one_post(whatsapp, ready, partners, listening):
    partners.act("whatsapp", "script", statuses=[])
    sent = [post(whatsapp, ready, templated("Meera", each)).json()["messages"][0]["id"] for each in "12"]
    partners.act("whatsapp", "status", statuses=[{"id": each, "status": "read"} for each in sent])
    partners.settle("whatsapp")
    (hook,) = listening.hooks
    assert len(hook.json()["entry"]) == 2


def test_nothing_is_posted_to_an_address_that_fails_the_challenge(partners, ready, receiver):
    partners.act("whatsapp", "webhooks", url=receiver.url, backoff_factor=1e-6)
    receiver.verify_token = "another"
    partners.act("whatsapp", "inbound", number=BUYER, text="hello")
    (delivery,) = partners.settle("whatsapp")
    assert (delivery["state"], receiver.hooks) == ("given_up", [])
    assert receiver.challenges[0] == ready["verify_token"]


def test_a_subscription_is_challenged_first(whatsapp, ready, partners, receiver):
    app = {"Authorization": f"Bearer {ready['app_id']}|{ready['app_secret']}"}
    body = {"object": "whatsapp_business_account", "callback_url": receiver.url, "fields": "messages"}
    path = f"/{ready['app_id']}/subscriptions"
    assert code(whatsapp.post(path, data={**body, "verify_token": "x"}, headers=app)) == (400, 2200)
    receiver.verify_token = "ours"
    assert whatsapp.post(path, data={**body, "verify_token": "ours"}, headers=app).json() == {"success": True}
    partners.act("whatsapp", "inbound", number=BUYER, text="hello")
    partners.settle("whatsapp")
    assert len(receiver.hooks) == 1


def test_an_account_has_an_address_of_its_own(whatsapp, ready, receiver):
    receiver.verify_token = "ours"
    path = f"/{ready['waba_id']}/subscribed_apps"
    body = {"override_callback_uri": receiver.url, "verify_token": "ours"}
    assert whatsapp.post(path, json=body).json() == {"success": True}
    assert whatsapp.get(path).json()["data"][0]["override_callback_uri"] == receiver.url
