"""A live server for the tests, if the environment names one."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from browserhook import Browserhook


def named(variable: str) -> str:
    if variable not in os.environ:
        pytest.skip(f"{variable} is not set: go test ./test/sdk/python sets it")
    return os.environ[variable]


@pytest.fixture(scope="session")
def site() -> str:
    """A tea shop."""
    return named("BROWSERHOOK_TEST_SITE")


@pytest.fixture(scope="session")
def lossy() -> str:
    """The server, behind a proxy that loses answers."""
    return named("BROWSERHOOK_TEST_LOSSY")


@pytest.fixture(scope="session")
def client() -> Iterator[Browserhook]:
    """A client of the server that BROWSERHOOK_URL and BROWSERHOOK_KEY name."""
    named("BROWSERHOOK_URL")
    named("BROWSERHOOK_KEY")
    with Browserhook() as one:
        yield one
