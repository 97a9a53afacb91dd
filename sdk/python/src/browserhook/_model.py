"""What the generated types of answers are made with."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Model:
    """Something that the API answers."""

    raw: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    """The JSON, as it came: also members that this version of the SDK doesn't know."""


def opt(decode: Callable[[Any], T], raw: Any) -> Any:
    """Decodes what is there. (The type is the field's; what is missing is None.)"""
    return None if raw is None else decode(raw)


def many(decode: Callable[[Any], T]) -> Callable[[Any], list[T]]:
    """Decodes a list."""
    return lambda raw: [decode(one) for one in raw]


def is_dry(raw: Any) -> bool:
    """Says whether a result is that of a dry run."""
    return isinstance(raw, dict) and raw.get("dryRun") is True


_INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))")


def instant(text: str) -> datetime:
    """Reads a time of RFC 3339; what it has beyond microseconds is cut."""
    found = _INSTANT.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is no time of RFC 3339")
    day, clock, fraction, sign, hours, minutes = found.groups()
    zone = timezone.utc
    if sign:
        zone = timezone(timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if sign == "-" else 1))
    at = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=zone)
    return at.replace(microsecond=int((fraction or "0").ljust(6, "0")[:6]))
