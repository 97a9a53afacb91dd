"""A session, as who works with it has it."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from .. import _retry, models
from .._step import AnyStep, Step
from ..errors import BrowserhookError, StepFailed
from .events import LAST, AsyncEventStream
from .pager import AsyncPager

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from .client import AsyncBrowserhook

WAIT = 30
"""The seconds that one request waits for steps: less than proxies do."""

LONGEST = 23 * 60 * 60.0
"""The server knows an idempotency key for a day, and no session lives longer."""

ENDED = ("COMPLETED", "FAILED", "CANCELED", "INTERRUPTED")

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")
E = TypeVar("E")
F = TypeVar("F")


class AsyncSession:
    """A session: a browser of its own. A with block closes it when it is left."""

    data: models.Session
    """What the server said of the session last; refresh() asks again."""

    def __init__(self, client: AsyncBrowserhook, data: models.Session) -> None:
        self._client, self.data = client, data

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id} {self.status}>"

    async def __aenter__(self) -> AsyncSession:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            await self.close()
            return
        try:
            await self._client._hasty().sessions.close(self.id)
        except BrowserhookError:
            pass  # the error that is raised already says more

    @property
    def id(self) -> str:
        """browser_…"""
        return self.data.session_id

    @property
    def status(self) -> str:
        """QUEUED, STARTING, READY, CLOSING, CLOSED or FAILED."""
        return self.data.status

    @property
    def streaming_url(self) -> str:
        """The live page, to look at; whoever has the link can."""
        return self.data.streaming_url

    @property
    def connect_url(self) -> str:
        """Where Playwright and other programs use the browser by the DevTools protocol.
        Whoever has it can do all that the session can.

        Raises:
            BrowserhookError: no_connect_url: the session has ended, or the key may only read.
        """
        if self.data.connect_url is None:
            detail = f"{self.id} has no connect_url: it has ended, or the key may only read"
            raise BrowserhookError("no_connect_url", detail)
        return self.data.connect_url

    async def refresh(self) -> AsyncSession:
        """Asks how the session is."""
        self.data = (await self._client.sessions.get(self.id)).data
        return self

    @overload
    async def run(
        self,
        steps: Step[A],
        *,
        timeout: timedelta | float | None = None,
        on_error: Literal["stop", "continue"] | None = None,
        idempotency_key: str | None = None,
    ) -> A: ...

    @overload
    async def run(
        self,
        steps: tuple[Step[A]],
        *,
        timeout: timedelta | float | None = None,
        on_error: Literal["stop", "continue"] | None = None,
        idempotency_key: str | None = None,
    ) -> tuple[A]: ...

    @overload
    async def run(
        self,
        steps: tuple[Step[A], Step[B]],
        *,
        timeout: timedelta | float | None = None,
        on_error: Literal["stop", "continue"] | None = None,
        idempotency_key: str | None = None,
    ) -> tuple[A, B]: ...

    @overload
    async def run(
        self,
        steps: tuple[Step[A], Step[B], Step[C]],
        *,
        timeout: timedelta | float | None = None,
        on_error: Literal["stop", "continue"] | None = None,
        idempotency_key: str | None = None,
    ) -> tuple[A, B, C]: ...

    @overload
    async def run(
        self,
        steps: tuple[Step[A], Step[B], Step[C], Step[D]],
        *,
        timeout: timedelta | float | None = None,
        on_error: Literal["stop", "continue"] | None = None,
        idempotency_key: str | None = None,
    ) -> tuple[A, B, C, D]: ...

    @overload
    async def run(
        self,
        steps: tuple[Step[A], Step[B], Step[C], Step[D], Step[E]],
        *,
        timeout: timedelta | float | None = None,
        on_error: Literal["stop", "continue"] | None = None,
        idempotency_key: str | None = None,
    ) -> tuple[A, B, C, D, E]: ...

    @overload
    async def run(
        self,
        steps: tuple[Step[A], Step[B], Step[C], Step[D], Step[E], Step[F]],
        *,
        timeout: timedelta | float | None = None,
        on_error: Literal["stop", "continue"] | None = None,
        idempotency_key: str | None = None,
    ) -> tuple[A, B, C, D, E, F]: ...

    @overload
    async def run(
        self,
        steps: AnyStep | Sequence[AnyStep],
        *,
        timeout: timedelta | float | None = None,
        on_error: Literal["stop", "continue"] | None = None,
        idempotency_key: str | None = None,
    ) -> Any: ...

    async def run(
        self,
        steps: AnyStep | Sequence[AnyStep],
        *,
        timeout: timedelta | float | None = None,
        on_error: Literal["stop", "continue"] | None = None,
        idempotency_key: str | None = None,
    ) -> Any:
        """Runs steps, one after the other, and answers what each answers: of one step its
        result, of a list a list, of a tuple (up to six have their types) a tuple. What is
        called again because an answer got lost runs nothing twice.

        Args:
            timeout: Until all of them must have ended; a number is seconds. Then those that have
                not are canceled. By default it takes as long as it takes.
            on_error: What a step that fails does to those after it; stop is the default.
            idempotency_key: Of all calls with the same one, only one runs; a new one by default.

        Raises:
            StepFailed: One didn't complete that isn't optional. All have ended then.
            BrowserhookError: timeout: the time is over; or the server refused the steps.
        """
        every = _list(steps)
        if not every:
            return steps
        runs = await self._wait(every, timeout, on_error, idempotency_key or self._client._key())
        for step, run in zip(every, runs):
            if run.status != "COMPLETED" and not (run.status == "FAILED" and _optional(step)):
                raise StepFailed(run, runs)
        results = [_result(step, run) for step, run in zip(every, runs)]
        if isinstance(steps, (Step, Mapping)):
            return results[0]
        return tuple(results) if isinstance(steps, tuple) else results

    async def _wait(
        self,
        steps: list[AnyStep],
        timeout: timedelta | float | None,
        on_error: Literal["stop", "continue"] | None,
        key: str,
    ) -> list[models.StepRun]:
        """Adds steps and waits until all of them have ended."""
        limit = timeout.total_seconds() if isinstance(timeout, timedelta) else timeout
        until = time.monotonic() + min(limit if limit is not None else LONGEST, LONGEST)
        runs: list[models.StepRun] = []
        rounds = 0
        try:
            while True:
                began = time.monotonic()
                wait = max(1, min(WAIT, math.ceil(until - began)))
                # The same key each time: they are added once, and the answer is how far they
                # are.
                runs = await self._client.steps.add(
                    self.id, steps, on_error=on_error, wait=wait, idempotency_key=key
                )
                if all(run.status in ENDED for run in runs):
                    return runs
                now = time.monotonic()
                if now >= until:
                    break
                if now - began < 1:  # a server that stops answers at once
                    await self._client._sleep(_retry.backoff(min(rounds, 3)))
                rounds += 1
        except BrowserhookError:
            raise
        except BaseException:  # Ctrl-C, or a task that was canceled
            await self._leave(steps, runs, on_error, key)
            raise
        await self._leave(steps, runs, on_error, key)
        raise BrowserhookError("timeout", f"the steps have not ended within {limit:g} s: they are canceled")

    async def _leave(
        self,
        steps: list[AnyStep],
        runs: list[models.StepRun],
        on_error: Literal["stop", "continue"] | None,
        key: str,
    ) -> None:
        """Cancels what has not ended of steps that nobody waits for any more, the last first,
        as far as the server answers soon."""
        hasty = self._client._hasty().steps
        try:
            # Without an answer it isn't known which they are, or whether they were added.
            runs = runs or await hasty.add(self.id, steps, on_error=on_error, idempotency_key=key)
        except BrowserhookError:
            return
        for run in reversed(runs):
            if run.status not in ENDED:
                try:
                    await hasty.cancel(self.id, run.step_id)
                except BrowserhookError:
                    pass  # it has ended meanwhile

    async def add(
        self,
        steps: AnyStep | Sequence[AnyStep],
        *,
        on_error: Literal["stop", "continue"] | None = None,
        dry_run: bool | None = None,
        idempotency_key: str | None = None,
    ) -> list[models.StepRun]:
        """Adds steps and doesn't wait for them."""
        return await self._client.steps.add(
            self.id, _list(steps), on_error=on_error, dry_run=dry_run, idempotency_key=idempotency_key
        )

    def steps(self, *, limit: int | None = None) -> AsyncPager[models.StepRun]:
        """The session's steps, in order."""
        return self._client.steps.list(self.id, limit=limit)

    async def step(self, step_id: str) -> models.StepRun:
        """One of its steps, as it is now."""
        return await self._client.steps.get(self.id, step_id)

    async def cancel(self, step_id: str) -> models.StepRun:
        """Cancels a step that waits, or stops the one that runs."""
        return await self._client.steps.cancel(self.id, step_id)

    def events(self, *, types: Sequence[str] | None = None, after: str = "beginning") -> AsyncEventStream:
        """What happens in the session, from its beginning, or after a cursor, until its end.
        A stream that is lost goes on where it was: each event comes once."""
        return AsyncEventStream(self._client, self.id, types, after, whole=True)

    async def ready(self) -> AsyncSession:
        """Waits until the browser is there. Steps and programs wait for it by themselves.

        Raises:
            BrowserhookError: There will be none: the session has failed, or ended before.
        """
        async with self.events(types=["browser_ready", "browser_recovered", *LAST]) as events:
            async for _ in events:
                break
        await self.refresh()
        if self.status != "READY":
            error = self.data.error
            code, message = (error.code, error.message) if error else ("session_ended", f"it is {self.status}")
            raise BrowserhookError(code, f"{self.id}: {message}")
        return self

    def logs(
        self, *, kinds: Sequence[str] | str | None = None, cursor: str | None = None, limit: int | None = None
    ) -> AsyncPager[models.LogEntry]:
        """What its pages wrote to the console, didn't catch and asked for."""
        return self._client.logs.list(self.id, kinds=kinds, cursor=cursor, limit=limit)

    async def har(self) -> dict[str, Any]:
        """All requests of its pages, as an HTTP archive (HAR 1.2)."""
        return await self._client.logs.har(self.id)

    def artifacts(self, *, limit: int | None = None) -> AsyncPager[models.Artifact]:
        """The files that steps made and pages downloaded."""
        return self._client.artifacts.list(self.id, limit=limit)

    async def artifact(self, artifact_id: str) -> bytes:
        """Reads a file."""
        return await self._client.artifacts.get(self.id, artifact_id)

    def stream_artifact(
        self, artifact_id: str, *, range: str | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Reads a file part by part: async with … as chunks."""
        return self._client.artifacts.stream(self.id, artifact_id, range=range)

    async def live(
        self, *, mode: Literal["view", "control"] | None = None, expires_in: timedelta | str | None = None
    ) -> models.Stream:
        """Makes a link to the live page, to look at or (control) to control."""
        return await self._client.streams.create(self.id, mode=mode, expires_in=expires_in)

    async def get_live(self, stream_id: str) -> models.Stream:
        """Reads a link to the live page that was made."""
        return await self._client.streams.get(self.id, stream_id)

    async def revoke_live(self, stream_id: str) -> None:
        """Ends a link to the live page, and sends away who came by it."""
        await self._client.streams.revoke(self.id, stream_id)

    def viewers(self, *, limit: int | None = None) -> AsyncPager[models.Viewer]:
        """Who looks at the session's live page, or did."""
        return self._client.streams.viewers(self.id, limit=limit)

    async def rotate_connect_url(self) -> str:
        """Gives the session another connect_url, and sends away who came by the one before."""
        self.data = (await self._client.sessions.rotate_connect_url(self.id)).data
        return self.connect_url

    async def close(self) -> AsyncSession:
        """Ends the session, and doesn't wait until its browser has gone. One that has ended stays as it is."""
        self.data = (await self._client.sessions.close(self.id)).data
        return self

    async def forget(self) -> None:
        """Deletes all that is kept of a session that has ended. One that was closed is
        waited for until its browser has gone."""
        await self._client.sessions.forget(self.id)


def _list(steps: AnyStep | Sequence[AnyStep]) -> list[AnyStep]:
    return [steps] if isinstance(steps, (Step, Mapping)) else list(steps)


def _optional(step: AnyStep) -> bool:
    params = step.params if isinstance(step, Step) else step
    return bool(params.get("optional"))


def _result(step: AnyStep, run: models.StepRun) -> Any:
    if run.status != "COMPLETED":
        return None
    if not isinstance(step, Step):
        return run.result
    return step.decode(run.raw.get("result"))
