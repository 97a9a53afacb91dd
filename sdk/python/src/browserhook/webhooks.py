"""Verifies webhooks, by Standard Webhooks 1.0 (https://www.standardwebhooks.com).

verify() is all that a receiver needs:

    event = webhooks.verify(body, headers, secret)

where body are the bytes that came, not decoded and encoded again.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from .errors import WebhookVerificationError
from .models import Event

TOLERANCE = timedelta(minutes=5)
"""How far a webhook's time may be from the clock here, either way."""

MAX_SIGNATURES = 32  # a sender has a few live secrets, and a stranger is to cost little
MIN_SECRET = 24  # bytes, by Standard Webhooks


def verify(
    body: bytes | bytearray | memoryview | str,
    headers: Mapping[str, str] | Iterable[tuple[str, str]],
    secrets: str | Iterable[str],
    *,
    tolerance: timedelta | float = TOLERANCE,
    now: float | None = None,
) -> Event:
    """Says what event this is, if who knows the secret sent it, with this id, at about
    this time.

    Args:
        body: The request's body, the bytes that came.
        headers: The request's headers, in any case.
        secrets: What the answer that made the endpoint has: its secret (whsec_…), its public
            key (whpk_…, which needs the extra ed25519), or several of both while they are being
            rotated: any of them will do.
        tolerance: How far the webhook's time may be from the clock here, either way; a number
            is seconds. It limits for how long a request that was overheard can be sent again.
        now: The time, in seconds since 1970; the clock's by default.

    Raises:
        WebhookVerificationError: It isn't so.
        ValueError: A secret is none.
    """
    raw = body.encode() if isinstance(body, str) else bytes(body)
    check(raw, headers, secrets, tolerance=tolerance, now=now)
    try:
        return Event.decode(json.loads(raw))
    except (ValueError, AttributeError, TypeError) as error:
        raise WebhookVerificationError("the body is signed, and no event") from error


def check(
    body: bytes,
    headers: Mapping[str, str] | Iterable[tuple[str, str]],
    secrets: str | Iterable[str],
    *,
    tolerance: timedelta | float = TOLERANCE,
    now: float | None = None,
) -> None:
    """verify, of a body that needs not be an event."""
    hmacs, keys = _read([secrets] if isinstance(secrets, str) else secrets)
    found = _headers(headers)
    identity, timestamp, signatures = (
        _one(found, name) for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
    )
    # A dot separates the signed parts: in an id it could move the border between them.
    if "." in identity:
        raise WebhookVerificationError("webhook-id has a dot in it")
    _fresh(timestamp, tolerance, time.time() if now is None else now)
    try:
        message = f"{identity}.{timestamp}.".encode("latin-1") + body
    except UnicodeEncodeError as error:
        raise WebhookVerificationError("webhook-id is no header's text") from error
    if not _signed(message, signatures, hmacs, keys):
        raise WebhookVerificationError("no signature of the webhook matches")


def _read(secrets: Iterable[str]) -> tuple[list[bytes], list[Any]]:
    hmacs: list[bytes] = []
    keys: list[Any] = []
    for secret in secrets:
        secret = secret.strip()
        if secret.startswith("whsk_"):
            raise ValueError(
                "this is a private key, which only the sender may have; the receiver needs the public one (whpk_…)"
            )
        if secret.startswith("whpk_"):
            keys.append(_public_key(_base64(secret[5:], "a public key is whpk_ and the base64 of 32 bytes")))
            continue
        raw = _base64(secret.removeprefix("whsec_"), "a secret is whsec_ and base64")
        if len(raw) < MIN_SECRET:
            raise ValueError(f"a secret has at least {MIN_SECRET} bytes, and this one {len(raw)}")
        hmacs.append(raw)
    if not hmacs and not keys:
        raise ValueError("there is no secret")
    return hmacs, keys


def _base64(text: str, otherwise: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(otherwise) from error


def _public_key(raw: bytes) -> Any:
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError as error:
        raise ImportError("public keys need the extra ed25519: pip install 'browserhook[ed25519]'") from error
    if len(raw) != 32:
        raise ValueError("a public key is whpk_ and the base64 of 32 bytes")
    return Ed25519PublicKey.from_public_bytes(raw)


def _headers(headers: Mapping[str, str] | Iterable[tuple[str, str]]) -> dict[str, str]:
    pairs = headers.items() if isinstance(headers, Mapping) or hasattr(headers, "items") else headers
    return {str(name).lower(): str(value) for name, value in pairs}


def _one(headers: Mapping[str, str], name: str) -> str:
    if not headers.get(name):
        raise WebhookVerificationError(f"{name} is missing")
    return headers[name]


def _fresh(timestamp: str, tolerance: timedelta | float, now: float) -> None:
    # What is signed is this text, so a time has only one spelling.
    if not (timestamp.isascii() and timestamp.isdigit()) or str(int(timestamp[:20])) != timestamp:
        raise WebhookVerificationError("webhook-timestamp is not a number of seconds")
    limit = tolerance.total_seconds() if isinstance(tolerance, timedelta) else tolerance
    age = int(now) - int(timestamp)
    if age > limit:
        raise WebhookVerificationError(f"the webhook is too old: {age} s, and {limit:g} s are allowed")
    if -age > limit:
        raise WebhookVerificationError(f"the webhook is from the future: {-age} s, and {limit:g} s are allowed")


def _signed(message: bytes, signatures: str, hmacs: list[bytes], keys: list[Any]) -> bool:
    """Looks for a signature that one of the secrets or keys made."""
    wants = [base64.b64encode(hmac.new(one, message, hashlib.sha256).digest()) for one in hmacs]
    every = signatures.split(" ")
    if len(every) > MAX_SIGNATURES:
        raise WebhookVerificationError(f"webhook-signature has more than {MAX_SIGNATURES} signatures")
    for one in every:
        version, _, text = one.partition(",")
        if version == "v1":
            given = text.encode("utf-8", "replace")
            if any(hmac.compare_digest(given, want) for want in wants):
                return True
        elif version == "v1a" and any(_made(key, text, message) for key in keys):
            return True
    return False


def _made(key: Any, text: str, message: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature

    try:
        key.verify(base64.b64decode(text, validate=True), message)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True
