"""Artifacts and logs by the id of their session; a session has methods of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from .._wire import quote
from ..errors import BrowserhookError
from . import resources


class AsyncArtifacts(resources.AsyncArtifacts):
    """What steps made and pages downloaded."""

    async def get(self, session_id: str, artifact_id: str) -> bytes:
        """Reads a file."""
        path = f"/v1/sessions/{quote(session_id)}/artifacts/{quote(artifact_id)}"
        return (await self._client._send("GET", path, headers={"Accept": "*/*"})).content

    @asynccontextmanager
    async def stream(
        self, session_id: str, artifact_id: str, *, range: str | None = None
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """Reads a file part by part: async with … as chunks.

        Args:
            range: Only some bytes, as HTTP spells it: bytes=0-99.
        """
        path = f"/v1/sessions/{quote(session_id)}/artifacts/{quote(artifact_id)}"
        headers = {"Accept": "*/*", **({"Range": range} if range else {})}
        response = await self._client._send("GET", path, headers=headers, stream=True)
        try:
            yield response.aiter_bytes()
        except httpx.TransportError as error:
            raise BrowserhookError("unreachable", f"the file broke off: {error}") from error
        finally:
            await response.aclose()


class AsyncRecordings(resources.AsyncRecordings):
    """What the pages of sessions looked like."""

    async def video(self, session_id: str, *, format: str = "mp4") -> bytes:
        """The recording as a video, which the server makes if it has ffmpeg.

        Args:
            format: mp4 or webm.
        """
        path = f"/v1/sessions/{quote(session_id)}/recording/video?format={quote(format)}"
        return (await self._client._send("GET", path, headers={"Accept": "*/*"})).content


class AsyncLogs(resources.AsyncLogs):
    """What pages said and asked for."""

    async def har(self, session_id: str) -> dict[str, Any]:
        """All requests of a session's pages, as an HTTP archive (HAR 1.2)."""
        path = f"/v1/sessions/{quote(session_id)}/logs"
        archive: dict[str, Any] = await self._client._call("GET", path, query={"format": "har"})
        return archive
