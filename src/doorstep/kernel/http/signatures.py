"""How vendors sign webhooks, in small functions: a digest of a secret and some text, compared in constant time.

A secret that is empty verifies nothing, whatever the message says.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

Text = str | bytes


def _bytes(value: Text) -> bytes:
    return value.encode() if isinstance(value, str) else value


def digest(secret: Text, *parts: Text, algorithm: str = "sha256") -> bytes:
    """The HMAC of the parts, one after the other."""
    return hmac.digest(_bytes(secret), b"".join(map(_bytes, parts)), algorithm)


def hexadecimal(secret: Text, *parts: Text, algorithm: str = "sha256") -> str:
    """The HMAC in lower-case hexadecimal."""
    return digest(secret, *parts, algorithm=algorithm).hex()


def base64_text(secret: Text, *parts: Text, algorithm: str = "sha256") -> str:
    """The HMAC in base64."""
    return base64.b64encode(digest(secret, *parts, algorithm=algorithm)).decode()


def is_genuine(secret: Text, expected: str, given: str, *, ignore_case: bool = False) -> bool:
    """Whether the given signature is the expected one, in constant time; never with an empty secret."""
    if ignore_case:
        expected, given = expected.lower(), given.lower()
    return bool(_bytes(secret).strip()) and hmac.compare_digest(expected.encode(), given.encode())


def is_token(secret: Text, given: str) -> bool:
    """Whether a shared token was sent as it is, in constant time; never with an empty secret."""
    return is_genuine(secret, _bytes(secret).decode(errors="replace"), given)


def sorted_pairs(parameters: Mapping[str, str]) -> str:
    """Names and values one after the other, sorted by name (Twilio's forms, Lazada's requests)."""
    return "".join(f"{name}{parameters[name]}" for name in sorted(parameters))


def timestamped(header: str, *, separator: str = ",") -> tuple[str, list[str]]:
    """The timestamp and the signatures of a header such as Stripe's `t=1614265330,v1=…,v1=…`."""
    pairs = [part.strip().partition("=")[::2] for part in header.split(separator)]
    stamp = next((value for name, value in pairs if name == "t"), "")
    return stamp, [value for name, value in pairs if name.startswith("v")]


def is_fresh(timestamp: str, *, now: float, within_seconds: float = 300.0) -> bool:
    """Whether a signed time in seconds is near now, so that a recorded message cannot be sent again later."""
    try:
        return abs(now - float(timestamp)) <= within_seconds
    except ValueError:
        return False


def standard_webhook(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """The Standard Webhooks scheme: base64 HMAC of `id.timestamp.body`, any of several signatures."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers.get('webhook-id', '')}.{headers.get('webhook-timestamp', '')}."
    expected = base64_text(key, signed, body)
    return any(is_genuine(key, expected, each) for each in _versions(headers.get("webhook-signature", "")))


def _versions(header: str) -> Sequence[str]:
    return [each.removeprefix("v1,") for each in header.split() if each.startswith("v1,")]


def is_signed_rsa(public_key: bytes, signature: bytes, body: bytes) -> bool:
    """RSASSA-PKCS1-v1_5 with SHA-256 over the raw body, by a public key in DER (bol)."""
    key = serialization.load_der_public_key(public_key)
    if not isinstance(key, rsa.RSAPublicKey):
        return False
    try:
        key.verify(signature, body, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def twilio(secret: str, url: str, form: Mapping[str, str], given: str) -> bool:
    """Twilio: base64 HMAC-SHA1 of the public URL and the sorted form; a JSON body is named in the URL by its digest."""
    return is_genuine(secret, base64_text(secret, url, sorted_pairs(form), algorithm="sha1"), given)


def body_digest(body: bytes) -> str:
    """SHA-256 of a body in hexadecimal."""
    return hashlib.sha256(body).hexdigest()
