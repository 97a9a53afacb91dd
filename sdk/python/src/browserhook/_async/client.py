"""The client."""

from __future__ import annotations

import asyncio
import copy
import os
import uuid
from collections.abc import Mapping
from datetime import timedelta
from types import TracebackType
from typing import Any

import httpx

from .. import _retry, _wire
from .._version import VERSION
from ..errors import BrowserhookError, refusal
from ..models import Session as SessionData
from . import resources
from .events import AsyncEvents
from .files import AsyncArtifacts, AsyncLogs, AsyncRecordings
from .session import AsyncSession
from .steps import AsyncSteps


class AsyncBrowserhook:
    """A client of a browserhook server."""

    sessions: resources.AsyncSessions
    steps: AsyncSteps
    streams: resources.AsyncStreams
    artifacts: AsyncArtifacts
    logs: AsyncLogs
    recordings: AsyncRecordings
    events: AsyncEvents
    endpoints: resources.AsyncEndpoints
    deliveries: resources.AsyncDeliveries
    keys: resources.AsyncKeys
    projects: resources.AsyncProjects
    nodes: resources.AsyncNodes

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        timeout: timedelta | float = 60.0,
        retries: int = 5,
        headers: Mapping[str, str] | None = None,
        http_client: httpx.AsyncClient | None = None,
    ) -> None:
        """Makes a client; close() or a with block ends its connections.

        Args:
            url: The server's address; by default BROWSERHOOK_URL of the environment, or
                http://127.0.0.1:8080.
            key: An API key; by default BROWSERHOOK_KEY of the environment.
            timeout: Until an answer must be there, of each try; a number is seconds.
            retries: How often a call is tried again when there was no answer, or 429, 502, 503
                or 504. 5 take about eight seconds. What makes something has an Idempotency-Key: it
                is done once.
            headers: Sent with each request.
                http_client: Sends the requests, for a proxy or certificates of your own; it stays
                yours to close.
        """
        url = url or os.environ.get("BROWSERHOOK_URL") or "http://127.0.0.1:8080"
        self.url = _wire.address(url)
        key = (key or os.environ.get("BROWSERHOOK_KEY") or "").strip()
        if not key:
            raise ValueError("there is no API key: give one as key, or in the environment as BROWSERHOOK_KEY")
        if not (key.isascii() and key.isprintable() and " " not in key):
            raise ValueError("the API key has something in it that no key has")
        self._headers = {
            "User-Agent": f"browserhook-python/{VERSION}",
            **(headers or {}),
            "Authorization": f"Bearer {key}",
        }
        self._timeout = timeout.total_seconds() if isinstance(timeout, timedelta) else timeout
        self._retries = retries
        self._http = http_client or httpx.AsyncClient()
        self._owned = http_client is None
        self._sleep = asyncio.sleep
        self._resources()

    def _resources(self) -> None:
        self.sessions = resources.AsyncSessions(self)
        self.steps = AsyncSteps(self)
        self.streams = resources.AsyncStreams(self)
        self.artifacts = AsyncArtifacts(self)
        self.logs = AsyncLogs(self)
        self.recordings = AsyncRecordings(self)
        self.events = AsyncEvents(self)
        self.endpoints = resources.AsyncEndpoints(self)
        self.deliveries = resources.AsyncDeliveries(self)
        self.keys = resources.AsyncKeys(self)
        self.projects = resources.AsyncProjects(self)
        self.nodes = resources.AsyncNodes(self)

    def _hasty(self) -> AsyncBrowserhook:
        """The same client, for what is to be done soon or not at all."""
        hasty = copy.copy(self)
        hasty._timeout, hasty._retries = 5.0, 0
        hasty._resources()
        return hasty

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.url}>"

    async def __aenter__(self) -> AsyncBrowserhook:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Ends the client's connections."""
        if self._owned:
            await self._http.aclose()

    async def metrics(self) -> str:
        """The server's metrics, in Prometheus' text form; an operator's."""
        return (await self._send("GET", "/metrics")).text

    def _session(self, raw: Any) -> AsyncSession:
        return AsyncSession(self, SessionData.decode(raw))

    def _key(self) -> str:
        return str(uuid.uuid4())

    async def _call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Any:
        """Makes a call and reads the JSON that is answered."""
        sent = dict(headers or {})
        if idempotency_key:
            sent["Idempotency-Key"] = idempotency_key
        content = None
        if body is not None:
            # In a change, None clears a member.
            content = _wire.body(body, keep_none=method == "PATCH")
            sent["Content-Type"] = "application/json"
        response = await self._send(
            method, path, query=query, content=content, headers=sent, timeout=timeout
        )
        if not response.content:
            return None
        try:
            return response.json()
        except ValueError as error:
            detail = "the answer is no JSON: is url the address of a browserhook server?"
            raise BrowserhookError("not_browserhook", detail, status=response.status_code) from error

    async def _delete(self, path: str) -> None:
        """Deletes something. It is gone, too, if that was a call of which no answer came."""
        await self._send("DELETE", path, gone=True)

    async def _send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        stream: bool = False,
        gone: bool = False,
    ) -> httpx.Response:
        """Sends a request until there is an answer, and raises what isn't 2xx. With stream
        the answer's body isn't read yet."""
        failures = 0
        while True:
            request = self._http.build_request(
                method,
                self.url + path,
                params=_wire.query(query or {}),
                content=content,
                headers={**self._headers, **(headers or {})},
                timeout=timeout or self._timeout,
            )
            cause: Exception | None = None
            try:
                response = await self._http.send(request, stream=True, follow_redirects=False)
                if stream and response.is_success:
                    return response
                try:
                    await response.aread()
                finally:
                    await response.aclose()
            except httpx.TransportError as failed:
                code = "timeout" if isinstance(failed, httpx.TimeoutException) else "unreachable"
                error = BrowserhookError(code, f"there is no answer from {self.url}: {failed or type(failed).__name__}")
                cause = failed
                pause = _retry.backoff(failures) if _retry.again(failed) else None
            else:
                if response.is_success or (gone and failures and response.status_code == 404):
                    return response
                error = refusal(response, _retry.retry_after(response))
                pause = _retry.pause(response, failures)
            if pause is None or failures >= self._retries:
                raise error from cause
            failures += 1
            await self._sleep(pause)
