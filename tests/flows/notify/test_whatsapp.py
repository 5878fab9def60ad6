"""WhatsApp from the order to the receipt: who gets which message, once or in doubt; what comes back, and who wants no more."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from tests import clock
from tests.clock import NOON
from tests.flows.notify.chat import HOME, NUMBER, WA_ID, Chat

from doorstep.domain.notifications import actions as notifications
from doorstep.domain.notifications import views as messages
from doorstep.domain.notifications.model import ContactChoice, MessageState
from doorstep.domain.orders import actions as orders
from doorstep.kernel import jobs


def opted_out(chat: Chat) -> bool:
    connection_id = chat.retailer.connection_ids["chat"]
    return bool(chat.retailer.read(lambda tx: messages.opted_out(tx, addresses=[(connection_id, NUMBER)])))


def test_an_order_is_confirmed_by_mail_and_by_whatsapp(chat: Chat) -> None:
    order_id = chat.place()
    (arrived,) = chat.received()
    template = arrived["body"]["template"]
    values = {each["parameter_name"]: each["text"] for each in template["components"][0]["parameters"]}
    number = chat.retailer.order(order_id).header.number
    assert (arrived["to"], template["name"]) == (WA_ID, "order_confirmed")
    assert (values["order_number"], values["name"]) == (number, HOME.name.split(" ")[0])
    stored = chat.one(order_id)
    assert (stored.state, stored.receipt, stored.provider_id) == (
        MessageState.SENT,
        "delivered",
        arrived["id"],
    )
    assert chat.mails() == ["order_confirmed"]


def test_from_the_order_to_stop(chat: Chat) -> None:
    """Confirmed and shipped by WhatsApp and mail, read, then STOP: the next order gets e-mail alone."""
    order_id = chat.place()
    chat.retailer.ship(order_id)
    chat.settle()
    _confirmed, shipped = chat.of(order_id)
    chat.act("status", statuses=[{"id": shipped.provider_id, "status": "read"}])
    chat.act("inbound", number=WA_ID, text=" stop. ")
    chat.settle()
    assert [each.receipt for each in chat.of(order_id)] == ["delivered", "read"]
    assert shipped.variables["tracking_number"] == chat.retailer.parcels(order_id)[0].tracking_number
    assert opted_out(chat)
    following = chat.place()
    assert (chat.of(following), len(chat.received())) == ([], 2)
    assert Counter(chat.mails()) == {"order_confirmed": 2, "shipped": 1}
    kinds = chat.retailer.event_types(order_id)
    assert {
        "message.requested",
        "message.sent",
        "message.receipt",
        "message.received",
        "message.opted_out",
    } <= set(kinds)


@pytest.mark.parametrize(
    ("settings", "tags", "count"),
    [
        ({}, ("gift",), 0),
        ({}, ("gift", "whatsapp"), 1),
        ({"consent_tag": "Messages: yes"}, ("messages: yes",), 1),
        ({"consent": "checkout"}, ("gift",), 1),
        ({"order_confirmed_template": ""}, ("whatsapp",), 0),
    ],
)
def test_only_who_agreed_gets_what_has_a_template(chat: Chat, settings, tags, count) -> None:
    chat.connect(**settings)
    chat.place(*tags)
    assert (len(chat.received()), chat.mails()) == (count, ["order_confirmed"])


@pytest.mark.parametrize(
    ("phone", "country", "sent_to"),
    [
        ("098123 45678", "IN", "919812345678"),
        ("+49 30 901820", "IN", "4930901820"),
        ("12", "IN", None),
        ("", "IN", None),
    ],
)
def test_numbers_are_read_with_the_country_of_the_order(chat: Chat, phone, country, sent_to) -> None:
    chat.place(shipping_address=replace(HOME, phone=phone, country=country), billing_address=None)
    assert [each["to"] for each in chat.received()] == ([sent_to] if sent_to else [])


def test_an_order_without_e_mail_is_confirmed_by_whatsapp_alone(chat: Chat) -> None:
    chat.place(shipping_address=replace(HOME, email=""), billing_address=None)
    assert (len(chat.received()), chat.mails()) == (1, [])


def test_a_number_that_is_not_on_whatsapp_is_shown_and_needs_nobody(chat: Chat) -> None:
    chat.act("recipient", number=WA_ID, on_whatsapp=False)
    order_id = chat.place()
    stored = chat.one(order_id)
    assert (stored.state, stored.receipt) == (MessageState.SENT, "failed")
    assert "message.failed" in chat.retailer.event_types(order_id)
    assert (chat.mails(), chat.retailer.dead_letters()) == (["order_confirmed"], [])


@pytest.mark.parametrize("at_once", [True, False])
def test_where_no_e_mail_was_sent_it_is_the_fallback(chat: Chat, at_once: bool) -> None:
    chat.connect(instead_of_email=True)
    good = chat.place()
    assert (len(chat.of(good)), chat.mails()) == (1, [])
    chat.act("script", errors_at_once=at_once)
    chat.act("recipient", number=WA_ID, on_whatsapp=False)
    bad = chat.place()
    assert [each.state for each in chat.of(bad, "email")] == [MessageState.SENT]
    assert (chat.mails(), chat.retailer.dead_letters()) == (["order_confirmed"], [])


def test_receipts_that_come_twice_and_shuffled_never_take_back(chat: Chat) -> None:
    chat.act("webhooks", duplicates=1, shuffle_seed=5, shuffle_window_seconds=0.05)
    chat.act("script", statuses=["sent", "delivered", "read"])
    found = [chat.place() for _ in range(4)]
    assert {chat.one(each).receipt for each in found} == {"read"}
    for order_id in found:
        receipts = chat.retailer.read(
            lambda tx, each=order_id: messages.receipts(tx, message_ids=[chat.one(each).id])
        )
        assert sorted(each.state for each in receipts) == ["delivered", "read", "sent"]


def test_a_receipt_of_an_unknown_message_is_kept_for_people(chat: Chat) -> None:
    chat.place()
    (arrived,) = chat.received()
    chat.retailer.write(
        lambda tx: tx.execute("UPDATE messages SET provider_id = 'another' WHERE medium = 'whatsapp'")
    )
    body = (
        b'{"object": "whatsapp_business_account", "entry": [{"changes": [{"field": "messages", "value": '
        b'{"statuses": [{"id": "wamid.unknown", "status": "read", "timestamp": "1790000000"}]}}]}]}'
    )
    chat.retailer.receive("chat", "messages", body)
    chat.settle()
    unknown = chat.retailer.read(
        lambda tx: messages.unknown_receipts(tx, connection_id=chat.retailer.connection_ids["chat"])
    )
    assert [(each.provider_id, each.state) for each in unknown] == [("wamid.unknown", "read")]
    assert arrived["id"] != "wamid.unknown"


def test_a_message_in_doubt_is_not_repeated_and_its_receipt_resolves_it(chat: Chat) -> None:
    chat.act("webhooks", hold=True)
    chat.partners.fail(
        "whatsapp", {"kind": "timeout_after_work", "hold_seconds": 0.01, "path_regex": "/messages$"}
    )
    order_id = chat.place()
    assert (chat.one(order_id).state, len(chat.received())) == (MessageState.IN_DOUBT, 1)
    chat.act("webhooks", hold=False)
    chat.act("webhooks/flush")
    chat.settle()
    stored = chat.one(order_id)
    assert (stored.state, stored.receipt) == (MessageState.SENT, "delivered")
    assert (stored.provider_id, len(chat.received())) == (chat.received()[0]["id"], 1)


def test_a_message_in_doubt_that_never_arrives_fails_by_its_receipt(chat: Chat) -> None:
    chat.connect(instead_of_email=True)
    chat.act("recipient", number=WA_ID, on_whatsapp=False)
    chat.partners.fail(
        "whatsapp", {"kind": "timeout_after_work", "hold_seconds": 0.01, "path_regex": "/messages$"}
    )
    order_id = chat.place()
    assert (chat.one(order_id).state, chat.mails()) == (MessageState.FAILED, ["order_confirmed"])


def test_a_token_that_expires_in_the_middle_loses_and_repeats_nothing(chat: Chat) -> None:
    found = [chat.place()]
    chat.act("script", token_expired=True)
    found += [chat.place() for _ in range(2)]
    assert chat.states() == {"sent": 1, "failed": 2}
    assert {each["error_class"] for each in chat.retailer.dead_letters()} == {"auth"}
    chat.act("script", token_expired=False)
    chat.retailer.write(lambda tx: jobs.redrive(tx, ids=dead(chat)))
    chat.settle()
    assert chat.states() == {"sent": 3}
    assert len({each["callback_data"] for each in chat.received()}) == len(chat.received()) == 3
    assert chat.mails() == ["order_confirmed"] * 3


def dead(chat: Chat) -> list[int]:
    return [int(str(each["id"])) for each in chat.retailer.dead_letters()]


def test_three_minutes_without_whatsapp(chat: Chat) -> None:
    """Each message arrives once or is in doubt; mails go on meanwhile."""
    chat.partners.fail(
        "whatsapp",
        {"kind": "timeout_after_work", "hold_seconds": 0.01, "path_regex": "/messages$", "times": 1},
        {"kind": "refuse_before_work", "hold_seconds": 0.01, "path_regex": "/messages$", "times": 1},
        {"kind": "status_500", "path_regex": "/messages$", "times": None},
    )
    chat.act("webhooks", hold=True)
    placed = [chat.order() for _ in range(6)]
    chat.retailer.receive("shop", "order", *placed)
    chat.retailer.settle()
    assert chat.mails() == ["order_confirmed"] * 6
    with clock.at(NOON + timedelta(minutes=3)):
        chat.partners.fail("whatsapp")
        chat.retailer.write(
            lambda tx: tx.execute("DELETE FROM partner_circuits")
        )  # its pause is over by then
        chat.retailer.write(lambda tx: jobs.redrive(tx, ids=dead(chat)))
        chat.settle()
    arrived = Counter(each["callback_data"] for each in chat.received())
    assert set(arrived.values()) == {1}
    assert chat.states() == {"sent": 4, "in_doubt": 2}
    assert len(arrived) == 5  # of the two in doubt one arrived: nobody can know which before the receipt
    chat.act("webhooks", hold=False)
    chat.act("webhooks/flush")
    chat.settle()
    assert chat.states() == {"sent": 5, "in_doubt": 1}


def test_who_opts_out_after_the_message_was_prepared_gets_none(chat: Chat) -> None:
    chat.act("script", token_expired=True)
    order_id = chat.place()
    chat.act("inbound", number=WA_ID, text="Unsubscribe")
    chat.settle()
    chat.act("script", token_expired=False)
    chat.retailer.write(lambda tx: jobs.redrive(tx, ids=dead(chat)))
    chat.settle()
    assert (chat.one(order_id).state, chat.received()) == (MessageState.FAILED, [])
    assert chat.retailer.dead_letters() == []


def test_preferences_of_whatsapp_and_people_end_and_resume_messages(chat: Chat) -> None:
    order_id = chat.place()
    chat.act("preference", number=WA_ID, value="stop")
    chat.settle()
    assert opted_out(chat)
    again = ContactChoice(
        NUMBER, is_opted_out=False, at=clock.CLOCK.now() + timedelta(seconds=5), source="person"
    )
    connection_id = chat.retailer.connection_ids["chat"]

    def resume(tx):
        orders.lock(tx, order_id=order_id)
        return notifications.record_choice(
            tx, connection_id=connection_id, choice=again, order_id=order_id, now=NOON
        )

    assert chat.retailer.write(resume)
    assert not opted_out(chat)
    assert not chat.retailer.write(resume)
    assert chat.retailer.event_types(order_id)[-1] == "message.opted_in"


def test_what_a_customer_writes_is_at_the_latest_order_until_somebody_handles_it(chat: Chat) -> None:
    chat.place()
    latest = chat.place()
    chat.act("webhooks", duplicates=2)
    chat.act("inbound", number=WA_ID, text="Where is my order?")
    chat.settle()
    (text,) = chat.retailer.read(lambda tx: messages.texts(tx, order_id=latest))
    assert (text.text, text.handled_at) == ("Where is my order?", None)
    assert not opted_out(chat)
    handled = chat.retailer.write(lambda tx: notifications.handle_texts(tx, order_id=latest, at=NOON))
    (text,) = chat.retailer.read(lambda tx: messages.texts(tx, order_id=latest))
    assert (handled, text.handled_by) == (1, "user:1")
    assert len(chat.received()) == 2  # nothing answers by itself


def test_the_text_of_a_customer_without_orders_is_kept(chat: Chat) -> None:
    chat.act("inbound", number="447700900123", text="Do you ship to London?")
    chat.settle()
    statement = "SELECT text FROM customer_texts WHERE order_id IS NULL"
    assert chat.retailer.read(lambda tx: tx.column(str, statement)) == ["Do you ship to London?"]
    assert chat.retailer.dead_letters() == []


def test_a_template_that_meta_refuses_is_a_dead_letter_that_says_what_to_correct(chat: Chat) -> None:
    chat.connect(order_confirmed_variables="name")
    order_id = chat.place()
    (letter,) = chat.retailer.dead_letters()
    assert "Correct the template" in str(letter["error"])
    chat.connect()
    chat.retailer.write(lambda tx: jobs.redrive(tx, ids=dead(chat)))
    chat.settle()
    assert chat.one(order_id).state is MessageState.SENT
