"""Lists that come in pages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from .client import AsyncBrowserhook

T = TypeVar("T")


@dataclass(frozen=True)
class AsyncPage(Generic[T]):
    """One page of a list."""

    data: list[T]
    next_cursor: str | None
    """Leads to what comes after; None if the list has ended. The log of events goes on: it
    always has one."""
    raw: Mapping[str, Any] = field(repr=False, compare=False)
    """The JSON, as it came: also what is said of the list as a whole."""


class AsyncPager(Generic[T]):
    """A list: loop over it for what is on all its pages, or over pages()."""

    def __init__(
        self,
        client: AsyncBrowserhook,
        path: str,
        query: Mapping[str, Any],
        decode: Callable[[Any], T],
        *,
        log: bool = False,
    ) -> None:
        self._client, self._path, self._query, self._decode = client, path, query, decode
        self._log = log  # there is a cursor behind the last page too

    async def page(self, cursor: str | None = None) -> AsyncPage[T]:
        """Asks for the page at a cursor, or for the one that the list was asked for."""
        query = {**self._query, "cursor": cursor} if cursor else self._query
        answer = await self._client._call("GET", self._path, query=query)
        return AsyncPage([self._decode(one) for one in answer["data"]], answer.get("nextCursor"), answer)

    async def pages(self) -> AsyncIterator[AsyncPage[T]]:
        """Goes over the pages until there is nothing more."""
        cursor = None
        while True:
            page = await self.page(cursor)
            yield page
            if not page.next_cursor or (self._log and not page.data):
                return
            cursor = page.next_cursor

    async def __aiter__(self) -> AsyncIterator[T]:
        async for page in self.pages():
            for one in page.data:
                yield one
