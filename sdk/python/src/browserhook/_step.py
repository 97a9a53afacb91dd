"""What the step constructors make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar, Union

from ._model import is_dry
from .models import DryRunResult

R = TypeVar("R", covariant=True)


@dataclass(frozen=True, repr=False)
class Step(Generic[R]):
    """An action, what it takes, and the type of what it answers."""

    action: str
    params: Mapping[str, Any]
    decode: Callable[[Any], R] = field(compare=False)

    def __repr__(self) -> str:
        """The action and what it is done to: the rest may be a secret."""
        target = self.params.get("target")
        return f"<Step {self.action}{'' if target is None else f' {target!r}'}>"

    def optional(self) -> Step[R | None]:
        """The same step, of which it doesn't matter whether it fails: those after it run
        all the same, and its result is then None."""
        return replace(self, params={**self.params, "optional": True})

    def dry_run(self) -> Step[R | DryRunResult]:
        """The same step, which goes as far as it would before it does anything, and ends.
        Waiting, asserting and extracting are done."""
        decode = self.decode
        return Step(
            self.action,
            {**self.params, "dryRun": True},
            lambda raw: DryRunResult.decode(raw) if is_dry(raw) else decode(raw),
        )

    def to_json(self) -> dict[str, Any]:
        """The step as the API takes it."""
        return {"action": self.action, **{k: v for k, v in self.params.items() if v is not None}}


AnyStep = Union[Step[Any], Mapping[str, Any]]
"""A step of a constructor, or as the API takes it: {"action": "goto", "url": …}."""


def anything(raw: Any) -> Any:
    """A result that is any JSON."""
    return raw


def some(decode: Callable[[Any], R]) -> Callable[[Any], R]:
    """A result that is an object: of one without members the API tells nothing."""
    return lambda raw: decode({} if raw is None else raw)
