"""How Python's values are written for the API."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone
from enum import Enum
from typing import Any, Final, Literal
from urllib.parse import quote as _quote
from urllib.parse import urlsplit

from ._step import Step


class _Omit(Enum):
    omit = "omit"

    def __repr__(self) -> str:
        return "omit"


Omit = Literal[_Omit.omit]
omit: Final = _Omit.omit
"""Stands for what isn't given where None has a meaning: to clear the member."""


def address(url: str) -> str:
    """Reads a server's address."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("url is to be an http or https address")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("url is to be an address alone: no user, no query")
    return url.rstrip("/")


def quote(text: str) -> str:
    """Writes a part of a path."""
    if text in ("", ".", ".."):
        raise ValueError(f"{text!r} is no id")
    return _quote(text, safe="")


def joined(value: Iterable[str] | str | None) -> str | None:
    """Writes a list of words."""
    return value if value is None or isinstance(value, str) else ",".join(value)


def duration(value: timedelta) -> str:
    """Writes a length of time."""
    return f"{round(value / timedelta(milliseconds=1))}ms"


def instant(value: datetime) -> str:
    """Writes a time."""
    if value.tzinfo is None:
        raise ValueError("a datetime needs a time zone: datetime.now(timezone.utc)")
    return value.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")


def encode(value: Any) -> Any:
    """Makes JSON of steps, times, and what holds them."""
    if isinstance(value, Step):
        return encode(value.to_json())
    if isinstance(value, Mapping):
        return {key: encode(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)) or (isinstance(value, Iterable) and not isinstance(value, (str, bytes))):
        return [encode(one) for one in value]
    if isinstance(value, timedelta):
        return duration(value)
    if isinstance(value, datetime):
        return instant(value)
    return value


def body(members: Mapping[str, Any], keep_none: bool = False) -> bytes:
    """Writes a request's body, without what was not given."""
    given = {k: v for k, v in members.items() if v is not omit and (keep_none or v is not None)}
    return json.dumps(encode(given), ensure_ascii=False, allow_nan=False).encode()


def query(members: Mapping[str, Any]) -> dict[str, Any]:
    """Writes a query's parameters, without what was not given."""
    return {k: encode(v) for k, v in members.items() if v is not None}
