"""Signing schemes against vectors that vendors and their SDKs publish; empty secrets verify nothing."""

from __future__ import annotations

import base64
import json
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from doorstep.kernel.http import signatures

SHARED = Path(__file__).parents[3] / "shared" / "specs"
FILES = (SHARED / "channel_signatures" / "vectors.json", SHARED / "signatures" / "vectors.json")
Vector = dict[str, Any]


def vectors() -> list[Vector]:
    return [vector for file in FILES if file.exists() for vector in json.loads(file.read_text())]


def body_of(vector: Vector) -> bytes:
    if "body_file" in vector:
        return (SHARED / vector["body_file"]).read_bytes()
    return str(vector.get("body", vector.get("message", ""))).encode()


def base64_of_body(vector: Vector) -> str:
    return signatures.base64_text(vector["key"], vector["body"])


def hexadecimal(*names: str, vector: Vector) -> str:
    return signatures.hexadecimal(vector["secret"], *(vector[name] for name in names), vector["body"])


COMPUTED = {
    "square.webhook": lambda v: signatures.base64_text(v["key"], v["url"], v["body"]),
    "shopify.webhook": base64_of_body,
    "woocommerce.webhook": base64_of_body,
    "loop.webhook": base64_of_body,
    "frappe.webhook": base64_of_body,
    "shopee.push": lambda v: signatures.hexadecimal(v["key"], v["url"], "|", v["body"]),
    "lazada.push.official": lambda v: hexadecimal("app_key", vector=v),
    "tiktokshop.webhook": lambda v: hexadecimal("app_key", vector=v),
    "lazada.request.official": lambda v: signatures.hexadecimal(
        v["secret"], v["api"], signatures.sorted_pairs(v["params"])
    ).upper(),
    "razorpay.webhook": lambda v: signatures.hexadecimal(v["secret"], body_of(v)),
    "razorpay.checkout": lambda v: signatures.hexadecimal(v["secret"], v["message"]),
    "adyen.standard": lambda v: signatures.base64_text(bytes.fromhex(v["secret_hex"]), v["message"]),
}


@pytest.mark.skipif(not FILES[0].exists(), reason="the vendors' vectors are not here (../shared)")
@pytest.mark.parametrize("name", sorted(COMPUTED))
def test_a_scheme_gives_the_vendors_own_signature(name: str) -> None:
    found = [each for each in vectors() if each["name"] == name]
    assert found
    for vector in found:
        assert COMPUTED[name](vector).lower() == vector["expected"].lower()


@pytest.mark.skipif(not FILES[0].exists(), reason="the vendors' vectors are not here (../shared)")
def test_twilio_signs_url_and_form() -> None:
    form, text = (next(v for v in vectors() if v["name"] == f"twilio.{kind}") for kind in ("form", "json"))
    check = partial(signatures.twilio, form["secret"])
    assert check(form["url"], form["params"], form["expected"])
    assert not check(form["url"], {**form["params"], "Digits": "9999"}, form["expected"])
    assert check(text["url"], {}, text["expected"])
    assert signatures.body_digest(text["body"].encode()) in urlsplit(text["url"]).query


@pytest.mark.skipif(not FILES[0].exists(), reason="the vendors' vectors are not here (../shared)")
def test_the_standard_scheme_takes_any_of_several_signatures() -> None:
    vector = next(each for each in vectors() if each["name"] == "standardwebhooks")
    body = vector["body"].encode()
    assert signatures.standard_webhook(vector["secret"], vector["headers"], body)
    rotated = {**vector["headers"], "webhook-signature": f"v1,AAAA {vector['headers']['webhook-signature']}"}
    assert signatures.standard_webhook(vector["secret"], rotated, body)
    assert not signatures.standard_webhook(vector["secret"], vector["headers"], body + b" ")
    assert not signatures.standard_webhook(vector["secret"], {}, body)


@pytest.mark.skipif(not FILES[0].exists(), reason="the vendors' vectors are not here (../shared)")
def test_bol_signs_with_its_private_key() -> None:
    vector = next(each for each in vectors() if each["name"] == "bol.push")
    key = base64.b64decode(vector["public_key_b64_der_spki"])
    signature = base64.b64decode(vector["header_value"].partition("signature=")[2].partition(",")[0])
    assert signatures.is_signed_rsa(key, signature, vector["body"].encode())
    assert not signatures.is_signed_rsa(key, signature, vector["body"].encode() + b" ")


def test_stripes_header_has_a_time_and_signatures() -> None:
    assert signatures.timestamped("t=1614265330,v1=abc,v0=def") == ("1614265330", ["abc", "def"])
    assert signatures.timestamped("nonsense") == ("", [])


@pytest.mark.parametrize(("stamp", "fresh"), [("1000", True), ("699", False), ("1301", False), ("x", False)])
def test_an_old_time_is_not_taken(stamp: str, *, fresh: bool) -> None:
    assert signatures.is_fresh(stamp, now=1000.0) is fresh


@pytest.mark.parametrize("secret", ["", "  ", b""])
def test_an_empty_secret_verifies_nothing(secret: str | bytes) -> None:
    right = signatures.hexadecimal(secret, "body")
    assert not signatures.is_genuine(secret, right, right)
    assert not signatures.is_token(secret, secret if isinstance(secret, str) else secret.decode())


def test_case_counts_unless_the_vendor_mixes_it() -> None:
    right = signatures.hexadecimal("secret", "body")
    assert not signatures.is_genuine("secret", right, right.upper())
    assert signatures.is_genuine("secret", right, right.upper(), ignore_case=True)
    assert not signatures.is_genuine("secret", right, "ü")
    assert signatures.is_token("token", "token")
