"""The log of events, followed."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING

import httpx

from .. import _retry
from .._sse import Parser
from ..errors import BrowserhookError
from ..models import Event
from . import resources

if TYPE_CHECKING:
    from .client import AsyncBrowserhook

SILENCE = 45.0  # seconds; the server says something every 15

LAST = ("browser_closed", "browser_failed")
"""The types of events after which a session has no more."""


class AsyncEvents(resources.AsyncEvents):
    """The log of all that happened."""

    def stream(
        self, *, session_id: str | None = None, types: Sequence[str] | None = None, after: str | None = None
    ) -> AsyncEventStream:
        """Follows the log: what happens from now on. A stream that is lost goes on where it
        was: each event comes once.

        Args:
            session_id: Only events of this session.
            types: Only these types.
            after: What comes after this: an event's id, a stream's cursor, or beginning.
        """
        return AsyncEventStream(self._client, session_id, types, after, whole=False)


class AsyncEventStream:
    """Events as they happen. A with block ends the request when it is left."""

    cursor: str | None
    """Where it is, for after."""

    def __init__(
        self,
        client: AsyncBrowserhook,
        session_id: str | None,
        types: Sequence[str] | None,
        after: str | None,
        *,
        whole: bool,
    ) -> None:
        self.cursor = after
        self._client, self._session_id, self._types = client, session_id, types
        self._whole = whole  # of a session: it ends with that
        self._events = self._follow()

    def __aiter__(self) -> AsyncEventStream:
        return self

    async def __anext__(self) -> Event:
        return await self._events.__anext__()

    async def __aenter__(self) -> AsyncEventStream:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Ends the stream."""
        await self._events.aclose()

    async def _follow(self) -> AsyncGenerator[Event, None]:
        types = self._types
        if types is not None and self._whole:  # its end is to be heard, whoever asks for what
            types = [*types, *(one for one in LAST if one not in types)]
        query = {"sessionId": self._session_id, "types": types}
        failures = 0
        while True:
            headers = {"Accept": "text/event-stream"}
            if self.cursor:
                headers["Last-Event-ID"] = self.cursor
            response = await self._client._send(
                "GET", "/v1/events", query=query, headers=headers, timeout=SILENCE, stream=True
            )
            parser = Parser()
            try:
                if not response.headers.get("content-type", "").startswith("text/event-stream"):
                    detail = "the answer is no stream of events: is url the address of a browserhook server?"
                    raise BrowserhookError("not_browserhook", detail, status=response.status_code)
                async for chunk in response.aiter_bytes():
                    for message in parser.feed(chunk):
                        if message.data:
                            failures = 0
                            event = Event.decode(json.loads(message.data))
                            self.cursor = message.id or self.cursor
                            kind = event.data.event_type
                            if self._types is None or kind in self._types:
                                yield event
                            if self._whole and kind in LAST:
                                return
                        elif message.id:
                            self.cursor = message.id
                            # An end that was before the cursor isn't told again.
                            if self._whole and await self._over():
                                return
            except httpx.TransportError:
                pass  # it goes on where it was
            finally:
                await response.aclose()
            await self._client._sleep(_retry.backoff(failures))
            failures += 1

    async def _over(self) -> bool:
        """Says whether nothing comes after the cursor, since the session has ended."""
        assert self._session_id is not None
        try:
            session = await self._client.sessions.get(self._session_id)
        except BrowserhookError as error:
            if error.status == 404:
                return True
            raise
        if session.status not in ("CLOSED", "FAILED"):
            return False
        rest = await self._client.events.list(
            session_id=self._session_id, types=LAST, cursor=self.cursor, limit=1
        ).page()
        return not rest.data
