"""Every operation of the API's description is a method of both clients."""

from __future__ import annotations

import inspect
import os
from operator import attrgetter

import httpx
import pytest

from browserhook import AsyncBrowserhook, Browserhook, steps
from browserhook._async.resources import OPERATIONS


@pytest.mark.parametrize("client", [Browserhook("http://s", "k"), AsyncBrowserhook("http://s", "k")])
@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_is_a_method(client: object, operation: str) -> None:
    method = attrgetter(OPERATIONS[operation])(client)
    assert callable(method) and inspect.getdoc(method)


def test_none_is_missing() -> None:
    if "BROWSERHOOK_URL" not in os.environ:
        pytest.skip("there is no server")
    api = httpx.get(os.environ["BROWSERHOOK_URL"] + "/openapi.json").json()
    assert set(OPERATIONS) == {op["operationId"] for path in api["paths"].values() for op in path.values()}
    actions = set(api["components"]["schemas"]["Step"]["discriminator"]["mapping"])
    made = {step.action for step in map(_made, steps.__all__) if step}
    assert made == actions


def _made(name: str) -> steps.Step[object] | None:
    constructor = getattr(steps, name)
    if inspect.isclass(constructor) or not inspect.isfunction(constructor):
        return None
    needed = [p for p in inspect.signature(constructor).parameters.values() if p.default is p.empty]
    step: steps.Step[object] = constructor(*("x" for _ in needed))
    return step


def test_both_clients_have_the_same() -> None:
    for name in ("sessions", "steps", "streams", "artifacts", "logs", "events", "endpoints", "deliveries", "keys", "projects", "nodes"):
        one, other = (getattr(client, name) for client in (Browserhook("http://s", "k"), AsyncBrowserhook("http://s", "k")))
        assert [m for m in dir(one) if not m.startswith("_")] == [m for m in dir(other) if not m.startswith("_")]
