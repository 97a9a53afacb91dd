"""What the resources have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .client import AsyncBrowserhook


class AsyncResource:
    """A part of the client."""

    def __init__(self, client: AsyncBrowserhook) -> None:
        self._client = client
