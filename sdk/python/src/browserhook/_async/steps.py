"""Steps by the id of their session; a session has methods of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from .. import models
from .._step import AnyStep
from .._wire import quote
from . import resources


class AsyncSteps(resources.AsyncSteps):
    """What sessions are told to do."""

    async def add(
        self,
        session_id: str,
        steps: Sequence[AnyStep],
        *,
        on_error: Literal["stop", "continue"] | None = None,
        dry_run: bool | None = None,
        wait: int = 0,
        idempotency_key: str | None = None,
    ) -> list[models.StepRun]:
        """Puts steps at the end of a session's queue, and answers with them as they are.

        Args:
            on_error: What a failed step does to those after it; stop is the default.
            dry_run: As if each step had it: targets are looked for, and nothing is done.
            wait: How many seconds to wait for the steps' end, at most; more than 60 count as 60.
            idempotency_key: Of all calls with the same one, only one is made; a new one by
                default.
        """
        path = f"/v1/sessions/{quote(session_id)}/steps"
        headers = {"Prefer": f"wait={wait}"} if wait else {}
        answer: Any = await self._client._call(
            "POST",
            path,
            body={"steps": steps, "onError": on_error, "dryRun": dry_run},
            headers=headers,
            idempotency_key=idempotency_key or self._client._key(),
            timeout=self._client._timeout + wait,
        )
        added = [models.decode_step_run(one) for one in answer["data"]]
        while answer.get("nextCursor") and len(added) < len(steps):  # they are long
            more = {"cursor": answer["nextCursor"], "limit": min(len(steps) - len(added), 100)}
            answer = await self._client._call("GET", path, query=more)
            added += [models.decode_step_run(one) for one in answer["data"]]
        return added
