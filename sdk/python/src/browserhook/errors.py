"""What the SDK raises."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import httpx

from .models import FieldError

if TYPE_CHECKING:
    from . import models


class BrowserhookError(Exception):
    """The server refused a call, there was no answer, or a step failed."""

    code: str
    """Stable name of what is wrong: a problem's (not_found, invalid_request, …), a step's, or
    one of the SDK: unreachable, timeout, not_browserhook, no_connect_url, session_ended."""
    detail: str
    """One sentence for a person."""
    status: int | None
    """The HTTP status; None: there was no answer."""
    request_id: str | None
    """Names the request in the server's log."""
    fields: Sequence[FieldError]
    """The fields of the request that are wrong, the first 20 of them."""
    retry_after: float | None
    """When to ask again, in seconds, where the server says so."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        status: int | None = None,
        request_id: str | None = None,
        fields: Sequence[FieldError] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(code, detail)
        self.code, self.detail, self.status = code, detail, status
        self.request_id, self.fields, self.retry_after = request_id, fields, retry_after

    def __str__(self) -> str:
        about = [self.code, str(self.status or ""), self.request_id or ""]
        return f"{self.detail} ({', '.join(one for one in about if one)})"


class StepFailed(BrowserhookError):
    """A step didn't complete: it failed, or was canceled, or its browser was lost while it
    ran."""

    step: models.StepRun
    """The step: step.error has what was waited for, what was seen, and the artifact with
    what the page was like."""
    steps: Sequence[models.StepRun]
    """All steps that were added with it, as they are now."""

    def __init__(self, step: models.StepRun, steps: Sequence[models.StepRun]) -> None:
        error = step.error
        word = step.status.lower()
        code, message = (error.code, error.message) if error else (word, f"was {word}")
        super().__init__(code, f"{step.action}, step {step.index}: {message}")
        self.step, self.steps = step, steps

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        return StepFailed, (self.step, self.steps)


class WebhookVerificationError(Exception):
    """A request isn't a webhook of who has the secret, or is an old one."""


def refusal(response: httpx.Response, retry_after: float | None) -> BrowserhookError:
    """The error that an answer is: a problem of RFC 9457 as a rule."""
    try:
        problem = response.json()
    except ValueError:
        problem = None
    status = response.status_code
    request_id = response.headers.get("x-request-id")
    if not isinstance(problem, dict) or not isinstance(problem.get("code"), str):  # a proxy's
        detail = f"the answer is {status} {response.reason_phrase}, and not the server's own: is url its address?"
        return BrowserhookError(
            "not_browserhook", detail, status=status, request_id=request_id, retry_after=retry_after
        )
    return BrowserhookError(
        problem["code"],
        str(problem.get("detail") or problem.get("title") or ""),
        status=status,
        request_id=problem.get("requestId") or request_id,
        fields=[FieldError.decode(one) for one in problem.get("errors") or ()],
        retry_after=retry_after,
    )
