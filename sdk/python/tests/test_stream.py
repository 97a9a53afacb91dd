"""Server-sent events, without a server."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest

from browserhook import Browserhook, BrowserhookError
from browserhook._sse import Message, Parser


def event(number: int, kind: str = "step_completed", session: str = "browser_1") -> str:
    body = {"id": f"evt_{number}", "sessionId": session, "type": "step", "data": {"eventType": kind, "result": "a\u2028b\x85c"}}
    return f"id: evt_{number}\nevent: {kind}\ndata: {json.dumps(body, ensure_ascii=False)}\n\n"


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_messages_in_any_pieces(size: int) -> None:
    raw = (": follows\r\nid: beginning\r\n\r\n" + event(1) + "data: a\ndata:b\nretry: 5\nother\n\n").encode()
    parser = Parser()
    got = [m for at in range(0, len(raw), size) for m in parser.feed(raw[at : at + size])]
    assert got[0] == Message("beginning")
    assert (got[1].id, got[1].event) == ("evt_1", "step_completed")
    assert json.loads(got[1].data)["data"]["result"] == "a\u2028b\x85c", "only a line's end ends it"
    assert got[2] == Message(data="a\nb")


STREAM = {"content-type": "text/event-stream"}


class Cut(httpx.SyncByteStream):
    def __init__(self, text: str) -> None:
        self.text = text

    def __iter__(self) -> Iterator[bytes]:
        yield self.text.encode()
        raise httpx.ReadError("reset")


class Server:
    """Answers streams one after the other, each of which then breaks off."""

    def __init__(self, *streams: str, status: str = "READY") -> None:
        self.streams, self.asked, self.status = list(streams), [], status  # type: list[str], list[str | None], str
        self.types: list[list[str]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.startswith("/v1/sessions/"):
            return httpx.Response(200, json={"sessionId": "browser_1", "status": self.status})
        if request.headers["accept"] != "text/event-stream":
            return httpx.Response(200, json={"data": [], "nextCursor": "evt_9"})
        self.asked.append(request.headers.get("last-event-id"))
        self.types.append(request.url.params.get_list("types"))
        return httpx.Response(200, headers=STREAM, stream=Cut(self.streams.pop(0)))

    def client(self) -> Browserhook:
        client = Browserhook("http://server.example", "bh_1", http_client=httpx.Client(transport=httpx.MockTransport(self)))
        client._sleep = lambda _: None
        return client


def session(client: Browserhook):  # type: ignore[no-untyped-def]
    return client.sessions.get("browser_1")


def test_goes_on_where_it_was_and_ends_with_the_session() -> None:
    half = event(3)[:40]
    server = Server("id: beginning\n\n" + event(1) + event(2) + half, "id: evt_2\n\n" + event(3) + event(4, "browser_closed") + event(5))
    got = [e.id for e in session(server.client()).events()]
    assert got == ["evt_1", "evt_2", "evt_3", "evt_4"]
    assert server.asked == ["beginning", "evt_2"]


def test_types_are_picked_and_the_end_is_heard() -> None:
    server = Server(event(1, "step_started") + event(2) + event(3, "browser_closed"))
    assert [e.id for e in session(server.client()).events(types=["step_completed"])] == ["evt_2"]
    assert server.types == [["step_completed", "browser_closed", "browser_failed"]]


def test_an_end_that_is_picked_comes_once_and_is_the_last() -> None:
    server = Server(event(1, "step_started") + event(2, "browser_closed") + event(3))
    assert [e.id for e in session(server.client()).events(types=["browser_closed"])] == ["evt_2"]
    assert server.types == [["browser_closed", "browser_failed"]]


def test_after_the_end_there_is_nothing() -> None:
    server = Server("id: evt_9\n\n", status="CLOSED")
    assert list(session(server.client()).events(after="evt_9")) == []


def test_a_refusal_is_raised() -> None:
    def refuse(_: httpx.Request) -> httpx.Response:
        return httpx.Response(410, json={"code": "cursor_expired", "title": "Gone", "status": 410})

    client = Browserhook("http://server.example", "bh_1", http_client=httpx.Client(transport=httpx.MockTransport(refuse)))
    with pytest.raises(BrowserhookError, match="cursor_expired"):
        next(client.events.stream(after="evt_0"))


def test_what_is_no_stream() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, text="<h1>hello</h1>"))
    client = Browserhook("http://server.example", "bh_1", http_client=httpx.Client(transport=transport))
    with pytest.raises(BrowserhookError, match="not_browserhook"):
        next(client.events.stream())


def test_a_stream_that_is_left_is_closed() -> None:
    closed = []

    class Body(Cut):
        def close(self) -> None:
            closed.append(True)

    server = Server()
    client = Browserhook("http://s", "k", http_client=httpx.Client(transport=httpx.MockTransport(lambda r: httpx.Response(200, headers=STREAM, stream=Body(event(1) + event(2))))))
    with client.events.stream() as events:
        assert next(events).id == "evt_1"
        assert events.cursor == "evt_1"
        assert not closed
    assert closed and not server.asked
