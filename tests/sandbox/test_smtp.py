"""The mail server: which mails it keeps or defers, and how it disconnects."""

from __future__ import annotations

import smtplib
from email.message import EmailMessage

import pytest
from tests.partners import running


def mail(subject="Your order is on its way"):
    message = EmailMessage()
    message["From"] = "NotNaked <orders@example.com>"
    message["To"] = "meera@example.com"
    message["Subject"] = subject
    message["Message-ID"] = f"<{subject.replace(' ', '-')}@example.com>"
    message.set_content("Tracking SHK1245XYZ – ₹2,499")
    message.add_alternative("<p>Tracking <b>SHK1245XYZ</b></p>", subtype="html")
    return message


def send(partners, message):
    ready = partners.ready["smtp"]
    with smtplib.SMTP(ready["host"], ready["port"], timeout=5) as client:
        client.send_message(message)


def test_a_mail_is_kept_and_read_back(partners):
    send(partners, mail())
    (kept,) = partners.mails()
    assert (kept["from"], kept["to"]) == ("orders@example.com", ["meera@example.com"])
    assert kept["subject"] == "Your order is on its way"
    assert kept["text"].strip() == "Tracking SHK1245XYZ – ₹2,499"
    assert "<b>SHK1245XYZ</b>" in kept["html"]
    assert kept["message_id"] == "<Your-order-is-on-its-way@example.com>"
    assert ["To", "meera@example.com"] in kept["headers"]


def test_a_deferred_mail_is_not_kept(partners):
    partners.fail("smtp", {"kind": "status_500"})
    with pytest.raises(smtplib.SMTPDataError) as refusal:
        send(partners, mail())
    assert refusal.value.smtp_code == 451
    assert partners.mails() == []
    send(partners, mail())
    assert len(partners.mails()) == 1


@pytest.mark.parametrize(("kind", "kept"), [("timeout_after_work", 1), ("refuse_before_work", 0)])
def test_it_can_hang_up_after_or_before_keeping(partners, kind, kept):
    partners.fail("smtp", {"kind": kind, "hold_seconds": 0})
    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(partners, mail())
    assert len(partners.mails()) == kept


def test_each_mail_can_fail_once(partners):
    partners.fail("smtp", {"kind": "status_429", "each_once": True})
    for subject in ("Shipped", "Delivered"):
        with pytest.raises(smtplib.SMTPDataError):
            send(partners, mail(subject))
        send(partners, mail(subject))
    assert [one["subject"] for one in partners.mails()] == ["Shipped", "Delivered"]


def test_it_can_insist_on_a_login():
    with running({"smtp": {"auth_required": True}}, ["smtp"]) as partners:
        ready = partners.ready["smtp"]
        with smtplib.SMTP(ready["host"], ready["port"], timeout=5) as client:
            with pytest.raises(smtplib.SMTPException):
                client.send_message(mail())
            with pytest.raises(smtplib.SMTPAuthenticationError):
                client.login(ready["username"], "guess")
            client.login(ready["username"], ready["password"])
            client.send_message(mail())
        assert len(partners.mails()) == 1
