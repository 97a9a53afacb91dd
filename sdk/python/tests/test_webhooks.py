"""Signatures, without a server; the vectors are signed by the packages that others use."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import time
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from browserhook import WebhookVerificationError, webhooks

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = json.dumps({"id": "evt_1", "sessionId": "browser_1", "type": "browser", "data": {"eventType": "browser_ready", "status": "READY"}}).encode()
NOW = 1_700_000_000


def sign(secret: str = SECRET, body: bytes = BODY, identity: str = "evt_1", at: int | str = NOW) -> str:
    mac = hmac.new(base64.b64decode(secret.removeprefix("whsec_")), f"{identity}.{at}.".encode() + body, hashlib.sha256)
    return "v1," + base64.b64encode(mac.digest()).decode()


def headers(**changed: str) -> dict[str, str]:
    return {"webhook-id": "evt_1", "webhook-timestamp": str(NOW), "webhook-signature": sign(), **{k.replace("_", "-"): v for k, v in changed.items()}}


def verify(given: Any = None, secrets: Any = SECRET, body: Any = BODY, **more: Any) -> Any:
    return webhooks.verify(body, headers() if given is None else given, secrets, **{"now": NOW, **more})


def test_an_event() -> None:
    event = verify()
    assert event.session_id == "browser_1" and event.data.event_type == "browser_ready"


@pytest.mark.parametrize("given", [
    {k.title(): v for k, v in headers().items()},
    {k.upper(): v for k, v in headers().items()},
    list(headers().items()),
])
def test_headers_in_any_form(given: Any) -> None:
    verify(given)


def test_a_body_as_text() -> None:
    verify(body=BODY.decode())


OTHER = "whsec_" + base64.b64encode(b"another secret of 24 bytes").decode()


def test_rotation() -> None:
    both = headers(webhook_signature=f"{sign(OTHER)} {sign()}")
    for secrets in (SECRET, OTHER, [OTHER, SECRET]):
        verify(both, secrets)
    verify(headers(), [OTHER, SECRET])
    with pytest.raises(WebhookVerificationError):
        verify(headers(), OTHER)


def test_the_asymmetric_signature() -> None:
    private = Ed25519PrivateKey.generate()
    public = "whpk_" + base64.b64encode(private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
    made = "v1a," + base64.b64encode(private.sign(f"evt_1.{NOW}.".encode() + BODY)).decode()
    verify(headers(webhook_signature=f"{sign(OTHER)} {made}"), public)
    verify(headers(webhook_signature=made), [SECRET, public])
    for wrong in (sign(), "v1a," + sign()[3:], made[:-8], "v1a,", "v1a,!", "v1," + made[4:]):
        with pytest.raises(WebhookVerificationError):
            verify(headers(webhook_signature=wrong), public)


def test_a_dot_in_the_id() -> None:
    with pytest.raises(WebhookVerificationError, match="dot"):
        verify(headers(webhook_id="evt.1", webhook_signature=sign(identity="evt.1")))


@pytest.mark.parametrize("odd", [f"0{NOW}", f" {NOW}", f"+{NOW}", f"{NOW}.0", "1" * 5000])
def test_a_time_that_is_spelled_otherwise(odd: str) -> None:
    with pytest.raises(WebhookVerificationError, match="webhook-timestamp"):
        verify(headers(webhook_timestamp=odd, webhook_signature=sign(at=odd)))


@pytest.mark.parametrize("wrong", [
    {"webhook_id": "evt_2"}, {"webhook_id": ""}, {"webhook_id": "ev\u20ac"},
    {"webhook_timestamp": str(NOW + 1)}, {"webhook_timestamp": "\u0661"}, {"webhook_timestamp": ""}, {"webhook_timestamp": "soon"},
    {"webhook_signature": ""}, {"webhook_signature": "v1,"}, {"webhook_signature": sign()[3:]}, {"webhook_signature": sign().replace("v1", "v2")},
    {"webhook_signature": sign()[:-4]}, {"webhook_signature": " ".join(["v1,x"] * 32 + [sign()])}, {"webhook_signature": "v1,\u20ac"},
])
def test_what_is_not_signed(wrong: dict[str, str]) -> None:
    with pytest.raises(WebhookVerificationError):
        verify(headers(**wrong))


def test_another_body() -> None:
    with pytest.raises(WebhookVerificationError):
        verify(body=BODY + b" ")
    with pytest.raises(WebhookVerificationError, match="no event"):
        verify(headers(webhook_signature=sign(body=b"[]")), body=b"[]")


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_header_that_is_missing(name: str) -> None:
    given = headers()
    del given[name]
    with pytest.raises(WebhookVerificationError, match=name):
        verify(given)


def test_tolerance() -> None:
    for off in (-300, 0, 300):
        verify(now=NOW + off)
    for off, word in ((301, "old"), (-301, "future")):
        with pytest.raises(WebhookVerificationError, match=word):
            verify(now=NOW + off)
    verify(now=NOW + 3000, tolerance=timedelta(hours=1))
    with pytest.raises(WebhookVerificationError):
        verify(now=NOW + 2, tolerance=1)
    with pytest.raises(WebhookVerificationError):
        webhooks.verify(BODY, headers(), SECRET)  # by the clock
    webhooks.verify(BODY, headers(webhook_timestamp=str(int(time.time())), webhook_signature=sign(at=int(time.time()))), SECRET)


@pytest.mark.parametrize("secret", ["", [], "whsec_", "whsec_!", "whsec_c2hvcnQ=", "whpk_c2hvcnQ=", "whsk_" + SECRET[6:], [SECRET, "whsec_x"]])
def test_what_is_no_secret(secret: Any) -> None:
    with pytest.raises(ValueError):
        verify(secrets=secret)


def test_vectors_of_other_packages() -> None:
    if "BROWSERHOOK_TEST_VECTORS" not in os.environ:
        pytest.skip("go test ./test/sdk/python makes them")
    vectors = json.loads(os.environ["BROWSERHOOK_TEST_VECTORS"])
    assert {one["package"] for one in vectors} == {"standardwebhooks", "svix", "client/webhook"}
    for one in vectors:
        given = {"webhook-id": one["id"], "webhook-timestamp": str(one["timestamp"]), "webhook-signature": one["signature"]}
        webhooks.check(one["body"].encode(), given, one["secret"], now=one["timestamp"])
        with pytest.raises(WebhookVerificationError):
            webhooks.check(one["body"].encode() + b"x", given, one["secret"], now=one["timestamp"])
