"""Which answers are asked for again, and when."""

from __future__ import annotations

import random
import time
from email.utils import parsedate_to_datetime

import httpx

FIRST, LONGEST = 0.25, 15.0
PATIENCE = 60.0
"""Whoever says that it takes longer isn't waited for: the caller hears of it."""

TRANSIENT = frozenset({429, 502, 503, 504})


def backoff(failures: int) -> float:
    """How long to wait after so many failures in a row: it doubles, and a random part
    keeps clients from coming back all at once."""
    return float(min(FIRST * 2.0 ** min(failures, 10), LONGEST) * random.uniform(0.75, 1.25))


def retry_after(response: httpx.Response) -> float | None:
    """Reads Retry-After, in seconds or as a time; None if it says nothing."""
    value = response.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError):
        return None
    return max(0.0, float(at.timestamp()) - time.time())


def pause(response: httpx.Response, failures: int) -> float | None:
    """How long to wait before the request is sent again; None: it is of no use."""
    if response.status_code not in TRANSIENT:
        return None
    after = retry_after(response)
    if after is not None and after > PATIENCE:
        return None
    return max(after or 0.0, backoff(failures))


def again(error: httpx.TransportError) -> bool:
    """Says whether a request that got no answer may get one the next time."""
    return not isinstance(error, (httpx.UnsupportedProtocol, httpx.LocalProtocolError))
