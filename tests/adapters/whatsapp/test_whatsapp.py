"""The connector against recorded answers of our own values: signatures, errors, limits, pages of templates."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.adapters import scripted

from doorstep.adapters.messengers.whatsapp.connector import CONNECTOR, Settings, WhatsApp
from doorstep.domain.connections.model import InboundRequest, Verdict
from doorstep.domain.notifications.model import OutgoingMessage, Undeliverable
from doorstep.kernel import http
from doorstep.kernel.ids import MessageId

VECTORS = Path(__file__).parents[3].parent / "shared" / "specs" / "signatures" / "vectors.json"
SECRET, WORD = "0123456789abcdef0123456789abcdef", "a word of our own"  # no secrets
MESSAGE = OutgoingMessage(
    MessageId(7), "DSMSG-00000007", "+919812345678", "Meera", "", "", "", "shipped", {"name": "Meera"}
)


def settings(script: scripted.Script, **more: object) -> Settings:
    given = {
        "base_url": script.url,
        "phone_number_id": "106",
        "business_account_id": "102",
        "access_token": "EAAB",
        "app_secret": SECRET,
        "verify_token": WORD,
        "shipped_template": "gone",
        "shipped_variables": "name",
        **more,
    }
    return Settings.model_validate(given)


@pytest.fixture
def script() -> Iterator[scripted.Script]:
    with scripted.partner() as made:
        yield made


@pytest.fixture
def whatsapp(script: scripted.Script) -> Iterator[WhatsApp]:
    with scripted.session(script) as session:
        yield WhatsApp(settings(script), session)


def request(query: str) -> InboundRequest:
    return InboundRequest({}, b"", "GET", f"https://shop.example/hooks/chat?{query}")


def refusal(code: int, status: int = 400) -> dict[str, object]:
    return {"error": {"code": code, "message": f"(#{code}) No", "error_data": {"details": "Because."}}}


def test_the_challenge_is_answered_to_who_knows_the_word(whatsapp: WhatsApp) -> None:
    good = "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=a+word+of+our+own"
    ack = whatsapp.acknowledge(request(good))
    assert (ack.verdict, ack.body) == (Verdict.ANSWERED, b"1158201444")
    for bad in (
        "",
        good.replace("own", "theirs"),
        good.replace("subscribe", "unsubscribe"),
        good.split("&hub.verify", maxsplit=1)[0],
    ):
        assert whatsapp.acknowledge(request(bad)).verdict is Verdict.REFUSED


def test_the_signature_is_over_the_raw_bytes(whatsapp: WhatsApp) -> None:
    raw = b'{"object":"whatsapp_business_account", "entry":[]}'
    signature = hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()
    good = InboundRequest({"x-hub-signature-256": f"sha256={signature}"}, raw)
    assert whatsapp.acknowledge(good).verdict is Verdict.ACCEPTED
    respelled = InboundRequest(good.headers, json.dumps(json.loads(raw)).encode())
    assert whatsapp.acknowledge(respelled).verdict is Verdict.REFUSED
    assert (
        whatsapp.acknowledge(InboundRequest({"x-hub-signature-256": signature}, raw)).verdict
        is Verdict.REFUSED
    )


def test_the_scheme_is_the_published_one() -> None:
    if not VECTORS.exists():
        pytest.skip(f"signature vectors are not at {VECTORS}")
    (scheme,) = [
        each for each in json.loads(VECTORS.read_text(encoding="utf-8")) if each["name"] == "whatsapp"
    ]
    assert (scheme["header"].lower(), scheme["encoding"], scheme["message"]) == (
        "x-hub-signature-256",
        "sha256=hex",
        "{raw}",
    )
    assert scheme["algorithm"] == "HMAC-SHA256"


def test_a_template_is_sent_with_our_reference(whatsapp: WhatsApp, script: scripted.Script) -> None:
    script.will_say({"messages": [{"id": "wamid.1"}]})
    with whatsapp.open() as mailing:
        assert mailing.send(MESSAGE) == "wamid.1"
    (asked,) = script.asked
    assert (asked.path, asked.headers["authorization"]) == ("/106/messages", "Bearer EAAB")
    assert asked.body["biz_opaque_callback_data"] == "DSMSG-00000007"


@pytest.mark.parametrize(
    ("code", "status", "kind", "says"),
    [
        (190, 400, http.AuthFailed, "does not accept our access: 190"),
        (190, 401, http.AuthFailed, "does not accept our access: 190"),
        (131026, 400, Undeliverable, "cannot be reached by WhatsApp: 131026"),
        (131030, 400, http.Rejected, "cannot be reached by WhatsApp: 131030"),
        (132001, 404, http.Rejected, "Correct the template"),
        (132000, 400, http.Rejected, "Correct the template"),
        (100, 400, http.Rejected, "No"),
        (100, 404, http.Rejected, "rejected"),
    ],
)
def test_a_refusal_says_what_to_do(
    whatsapp: WhatsApp, script: scripted.Script, code: int, status: int, kind: type[Exception], says: str
) -> None:
    script.will_say(refusal(code), status=status)
    with pytest.raises(kind, match=says):
        whatsapp.send(MESSAGE)


@pytest.mark.parametrize(("code", "holds_back"), [(131056, False), (80007, True), (130429, True)])
def test_a_limit_is_no_doubt_and_holds_back_what_it_is_about(
    script: scripted.Script, monkeypatch: pytest.MonkeyPatch, code: int, holds_back: bool
) -> None:
    policy = http.Policy(attempts=1, breaker_failures=1000)
    paused: list[str] = []
    script.will_say(refusal(code), status=400)
    with http.Session("partner", script.url, policy=policy) as session:
        monkeypatch.setattr(session, "pause", lambda _seconds, operation: paused.append(operation))
        with pytest.raises(http.Unanswered) as caught:
            WhatsApp(settings(script), session).send(MESSAGE)
    assert not caught.value.maybe_done
    assert caught.value.retry_after_seconds
    assert paused == (["messages"] if holds_back else [])


@pytest.mark.parametrize(
    ("answer", "status", "in_doubt"),
    [
        ({"messages": []}, 200, True),
        ({"unknown": 1}, 200, True),
        ("gone wrong", 500, True),
        (refusal(131000), 500, False),
    ],
)
def test_only_an_answer_without_a_code_leaves_a_doubt(
    script: scripted.Script, answer: object, status: int, in_doubt: bool
) -> None:
    policy = http.Policy(attempts=1, breaker_failures=1000)
    script.will_say(answer, status=status)
    with (
        http.Session("partner", script.url, policy=policy) as session,
        pytest.raises(http.Unanswered) as caught,
    ):
        WhatsApp(settings(script), session).send(MESSAGE)
    assert caught.value.maybe_done is in_doubt


def test_a_message_without_a_template_is_refused_before_it_is_sent(
    whatsapp: WhatsApp, script: scripted.Script
) -> None:
    with pytest.raises(http.Rejected, match="No WhatsApp template is set for delivered"):
        whatsapp.send(OutgoingMessage(MessageId(8), "DSMSG-8", "+1", "", "", "", "", "delivered"))
    assert script.asked == []


def test_a_test_reads_the_number_and_every_page_of_templates(
    whatsapp: WhatsApp, script: scripted.Script
) -> None:
    gone = {"name": "gone", "language": "en", "status": "APPROVED", "parameter_format": "NAMED"}
    body = {"type": "BODY", "text": "Hello {{name}}"}
    script.will_say(
        {"display_phone_number": "+91 98", "verified_name": "Shop", "quality_rating": "GREEN"},
        {"data": [{**gone, "name": "other"}], "paging": {"cursors": {"after": "x"}, "next": "https://graph"}},
        {"data": [{**gone, "components": [body]}], "paging": {"cursors": {"after": "y"}}},
    )
    found = whatsapp.test_connection()
    assert [each.is_ok for each in found] == [True, True]
    assert [asked.params.get("after") for asked in script.asked] == [None, None, "x"]


def test_terms_follow_the_settings(script: scripted.Script) -> None:
    with scripted.session(script) as session:
        strict = WhatsApp(settings(script), session).terms()
        free = WhatsApp(settings(script, consent="checkout", instead_of_email=True), session).terms()
    assert (strict.templates, strict.consent_tag, strict.instead_of_email) == ({"shipped"}, "whatsapp", False)
    assert (free.consent_tag, free.instead_of_email) == ("", True)


def test_limits_are_those_that_meta_documents() -> None:
    assert {each.operation: (each.calls, each.seconds) for each in CONNECTOR.limits} == {
        "messages": (80, 1.0),
        "management": (200, 3600),
    }
