"""Who may post: shared secrets, HMAC signatures and bearer tokens, all compared in constant time. Pure.

A secret that is not set closes its route: nothing passes.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping

TOLERANCE_SECONDS = 300
"""How far the sender's clock may be off, and how long a signed delivery can be replayed (Standard Webhooks)."""
_PREFIX = "whsec_"


def same(given: str | None, secret: str | None) -> bool:
    """Whether a header holds the secret. Headers come as Latin-1 whatever the sender meant: bytes are compared."""
    if not secret or given is None:
        return False
    return hmac.compare_digest(given.encode("latin-1", "replace"), secret.encode())


def bearer(authorization: str | None, secret: str | None) -> bool:
    """``Authorization: Bearer …``; the scheme's case does not matter (RFC 9110)."""
    scheme, _, token = (authorization or "").partition(" ")
    return scheme.lower() == "bearer" and same(token.strip(), secret)


def github(signature: str | None, body: bytes, secret: str | None) -> bool:
    """``X-Hub-Signature-256``: ``sha256=`` and the hex HMAC-SHA256 of the raw body."""
    if not secret:
        return False
    expected = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return same(signature, expected)


def signing_key(token: str) -> bytes:
    """The key of a signing token ``whsec_<base64>``. Raises ValueError where it is none."""
    encoded = token.removeprefix(_PREFIX)
    if encoded == token or not encoded:
        raise ValueError(f"a signing token begins with {_PREFIX}")
    return base64.b64decode(encoded, validate=True)


def standard_webhook(headers: Mapping[str, str], body: bytes, token: str, now: float) -> bool:
    """Standard Webhooks as GitLab uses it: ``webhook-id``, ``-timestamp`` (Unix seconds), ``-signature``.

    The signature header holds one or more ``v1,<base64>`` separated by blanks (a secret that is being changed); one
    that fits is enough. What is older or newer than the tolerance is a replay.
    """
    ident, stamp = headers.get("webhook-id"), headers.get("webhook-timestamp", "")
    if not ident or not stamp.isascii() or not stamp.isdecimal() or len(stamp) > 12:
        return False
    if abs(now - int(stamp)) > TOLERANCE_SECONDS:
        return False
    signed = f"{ident}.{stamp}.".encode("latin-1", "replace") + body
    expected = "v1," + base64.b64encode(hmac.digest(signing_key(token), signed, "sha256")).decode()
    # No short cut: every signature is compared, whichever fits.
    return max([same(given, expected) for given in headers.get("webhook-signature", "").split(" ")])


def gitlab(headers: Mapping[str, str], body: bytes, token: str | None, signing: str | None, now: float) -> bool:
    """A signature, where one is sent and a signing token is set, must fit; else ``X-Gitlab-Token`` is the secret."""
    if signing and "webhook-signature" in headers:
        return standard_webhook(headers, body, signing, now)
    return same(headers.get("x-gitlab-token"), token)
