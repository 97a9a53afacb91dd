"""What is sent, tried again and raised, without a server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import httpx
import pytest

from browserhook import AsyncBrowserhook, Browserhook, BrowserhookError, click, extract, fill, goto, models
from browserhook._wire import encode

Answer = Callable[[httpx.Request], httpx.Response]

KEY = {"keyId": "key_1", "projectId": "proj_1", "role": "project", "name": "ci", "prefix": "bh_", "createdAt": "2026-11-24T11:30:15.1Z"}


class Caller:
    """Makes the same call with both clients, one after the other."""

    def __init__(self, kind: str) -> None:
        self.kind, self.slept, self.requests = kind, [], []  # type: str, list[float], list[httpx.Request]

    def __call__(self, call: Callable[[Any], Any], *answers: Answer | httpx.Response | Exception, **options: Any) -> Any:
        left = list(answers)

        def handle(request: httpx.Request) -> httpx.Response:
            self.requests.append(request)
            answer = left.pop(0) if len(left) > 1 else left[0]
            if isinstance(answer, Exception):
                raise answer
            return answer if isinstance(answer, httpx.Response) else answer(request)

        options = {"url": "http://server.example/", "key": "bh_1", **options}
        if self.kind == "sync":
            client = Browserhook(**options, http_client=httpx.Client(transport=httpx.MockTransport(handle)))
            client._sleep = self.slept.append
            got = call(client)
            return list(got) if hasattr(got, "pages") else got

        async def go() -> Any:
            transport = httpx.MockTransport(handle)
            client = AsyncBrowserhook(**options, http_client=httpx.AsyncClient(transport=transport))

            async def sleep(seconds: float) -> None:
                self.slept.append(seconds)

            client._sleep = sleep  # type: ignore[assignment]
            got = call(client)
            return [one async for one in got] if hasattr(got, "pages") else await got

        return asyncio.run(go())


@pytest.fixture(params=["sync", "asyncio"])
def calls(request: pytest.FixtureRequest) -> Iterator[Caller]:
    yield Caller(request.param)


def problem(status: int, code: str = "unavailable", **more: Any) -> httpx.Response:
    headers = more.pop("headers", {})
    return httpx.Response(status, json={"code": code, "title": "x", "status": status, "requestId": "req_1", **more}, headers=headers)


def key(client: Any) -> Any:
    return client.keys.create(name="ci")


def test_a_call(calls: Caller) -> None:
    got = calls(key, httpx.Response(201, json={**KEY, "later": 1}))
    assert got == models.Key(
        key_id="key_1", project_id="proj_1", role="project", name="ci", prefix="bh_",
        created_at=datetime(2026, 11, 24, 11, 30, 15, 100_000, timezone.utc),
    )
    assert got.raw["later"] == 1, "what this version doesn't know is there"
    [sent] = calls.requests
    assert (sent.method, str(sent.url)) == ("POST", "http://server.example/v1/keys")
    assert json.loads(sent.content) == {"name": "ci"}, "what isn't given is left out"
    assert sent.headers["authorization"] == "Bearer bh_1"
    assert sent.headers["user-agent"].startswith("browserhook-python/")


@pytest.mark.parametrize("failure", [
    httpx.ConnectError("refused"), httpx.ReadError("reset"), httpx.ReadTimeout("slow"), httpx.RemoteProtocolError("cut"),
    429, 502, 503, 504,
])
def test_is_tried_again_under_the_same_key(calls: Caller, failure: Any) -> None:
    failed = problem(failure) if isinstance(failure, int) else failure
    got = calls(key, failed, failed, httpx.Response(201, json=KEY))
    assert got.name == "ci"
    assert len(calls.requests) == 3
    assert len({one.headers["idempotency-key"] for one in calls.requests}) == 1
    assert 0.18 < calls.slept[0] < 0.32 and 0.37 < calls.slept[1] < 0.63, "it doubles, with jitter"


def test_each_call_has_a_key_of_its_own(calls: Caller) -> None:
    calls(key, httpx.Response(201, json=KEY))
    calls(key, httpx.Response(201, json=KEY))
    assert len({one.headers["idempotency-key"] for one in calls.requests}) == 2


def test_what_makes_nothing_has_no_key(calls: Caller) -> None:
    calls(lambda c: c.endpoints.pause("we_1"), httpx.Response(200, json={"endpointId": "we_1"}))
    assert "idempotency-key" not in calls.requests[0].headers, "the server refuses it"


def test_a_body_that_breaks_off_is_read_again(calls: Caller) -> None:
    class Broken(httpx.SyncByteStream, httpx.AsyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            yield b'{"keyId":'
            raise httpx.ReadError("reset")

        async def __aiter__(self) -> Any:
            yield b'{"keyId":'
            raise httpx.ReadError("reset")

    got = calls(key, lambda _: httpx.Response(201, stream=Broken()), httpx.Response(201, json=KEY))
    assert got.name == "ci"


def test_retry_after_is_honoured(calls: Caller) -> None:
    calls(key, problem(503, headers={"Retry-After": "7"}), httpx.Response(201, json=KEY))
    assert calls.slept == [7.0]


def test_who_says_that_it_takes_long_is_not_waited_for(calls: Caller) -> None:
    with pytest.raises(BrowserhookError) as failed:
        calls(key, problem(429, "queue_full", headers={"Retry-After": "61"}))
    assert (failed.value.retry_after, calls.slept) == (61.0, [])


def test_retries_end(calls: Caller) -> None:
    with pytest.raises(BrowserhookError) as failed:
        calls(key, httpx.ConnectError("refused"), retries=2)
    assert (failed.value.code, failed.value.status, len(calls.requests)) == ("unreachable", None, 3)
    assert isinstance(failed.value.__cause__, httpx.ConnectError)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 500])
def test_a_refusal_is_final(calls: Caller, status: int) -> None:
    with pytest.raises(BrowserhookError) as failed:
        calls(key, problem(status, "invalid_request", detail="name: too long", errors=[{"field": "name", "message": "too long"}]))
    e = failed.value
    assert (e.status, e.code, e.detail, e.request_id) == (status, "invalid_request", "name: too long", "req_1")
    assert [(one.field, one.message) for one in e.fields] == [("name", "too long")]
    assert str(e) == f"name: too long (invalid_request, {status}, req_1)"
    assert len(calls.requests) == 1


@pytest.mark.parametrize(("status", "answer"), [
    (404, {"text": "<h1>nginx</h1>"}), (301, {"headers": {"Location": "http://other.example/"}}),
    (200, {"text": "<h1>hello</h1>"}), (502, {"json": ["no", "problem"]}),
])
def test_what_is_no_answer_of_the_server(calls: Caller, status: int, answer: dict[str, Any]) -> None:
    with pytest.raises(BrowserhookError) as failed:
        calls(key, httpx.Response(status, **answer), retries=0)
    assert (failed.value.code, failed.value.status) == ("not_browserhook", status)
    assert all(one.url.host == "server.example" for one in calls.requests), "the key goes nowhere else"


def test_what_is_gone_by_a_call_without_an_answer_was_deleted(calls: Caller) -> None:
    calls(lambda c: c.endpoints.delete("we_1"), httpx.ReadError("reset"), problem(404, "not_found"))
    with pytest.raises(BrowserhookError, match="not_found"):
        calls(lambda c: c.endpoints.delete("we_1"), problem(404, "not_found"))


def test_none_clears_in_a_change_and_nowhere_else(calls: Caller) -> None:
    calls(lambda c: c.endpoints.update("we_1", description=None), httpx.Response(200, json={}))
    calls(lambda c: c.deliveries.retry_many(status="FAILED", event_type=None), httpx.Response(202, json={"deliveries": 1}))
    assert [json.loads(one.content) for one in calls.requests] == [{"description": None}, {"status": "FAILED"}]


def test_times(calls: Caller) -> None:
    at = datetime(2026, 11, 24, 12, 30, tzinfo=timezone(timedelta(hours=1)))
    calls(lambda c: c.deliveries.list(from_=at, to="2026-11-25T00:00:00Z"), httpx.Response(200, json={"data": []}))
    assert dict(calls.requests[0].url.params) == {"from": "2026-11-24T11:30:00Z", "to": "2026-11-25T00:00:00Z"}
    with pytest.raises(ValueError, match="time zone"):
        calls(lambda c: c.deliveries.list(from_=datetime(2026, 11, 24)), httpx.Response(200, json={"data": []}))
    step = goto("https://shop.example/", timeout=timedelta(seconds=1.5))
    assert encode(step) == {"action": "goto", "url": "https://shop.example/", "timeout": "1500ms"}


def test_a_list_goes_over_all_pages(calls: Caller) -> None:
    def page(request: httpx.Request) -> httpx.Response:
        cursor = request.url.params.get("cursor", "0")
        rest = {"nextCursor": str(int(cursor) + 1)} if cursor != "2" else {}
        return httpx.Response(200, json={"data": [{**KEY, "keyId": f"key_{cursor}"}], **rest})

    got = calls(lambda c: c.keys.list(limit=1), page)
    assert [one.key_id for one in got] == ["key_0", "key_1", "key_2"]
    assert [one.url.params["limit"] for one in calls.requests] == ["1"] * 3


def test_a_list_goes_on_behind_an_empty_page(calls: Caller) -> None:
    def page(request: httpx.Request) -> httpx.Response:
        cursor = request.url.params.get("cursor", "0")
        rest = {"nextCursor": str(int(cursor) + 1)} if cursor != "2" else {}
        return httpx.Response(200, json={"data": [] if cursor == "1" else [{"deliveryId": f"del_{cursor}"}], **rest})

    assert [one.delivery_id for one in calls(lambda c: c.deliveries.list(event_type="browser_failed"), page)] == ["del_0", "del_2"]


def test_the_log_ends_where_there_is_no_more_of_it(calls: Caller) -> None:
    answers = [httpx.Response(200, json={"data": data, "nextCursor": "evt_1"}) for data in ([{"id": "evt_1", "data": {}}], [])]
    assert len(calls(lambda c: c.events.list(types=["browser_ready", "browser_closed"]), *answers)) == 1
    assert calls.requests[0].url.params.get_list("types") == ["browser_ready", "browser_closed"]


def test_ids_stay_in_their_place(calls: Caller) -> None:
    calls(lambda c: c.sessions.get("a/../b?c"), httpx.Response(200, json={"sessionId": "x"}))
    assert calls.requests[0].url.raw_path == b"/v1/sessions/a%2F..%2Fb%3Fc"
    for wrong in ("", ".", ".."):
        with pytest.raises(ValueError):
            calls(lambda c: c.sessions.get(wrong), httpx.Response(200, json={}))


def test_a_client_needs_a_key_and_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BROWSERHOOK_KEY", raising=False)
    monkeypatch.delenv("BROWSERHOOK_URL", raising=False)
    with pytest.raises(ValueError, match="BROWSERHOOK_KEY"):
        Browserhook()
    for wrong in ("ftp://server.example", "server.example", "http://", "http://ann:pw@server.example", "http://server.example?a"):
        with pytest.raises(ValueError, match="url"):
            Browserhook(wrong, "bh_1")
    for wrong in ("bh_\n1", "bh_ 1", "bh_\u20ac"):
        with pytest.raises(ValueError) as failed:
            Browserhook(key=wrong)
        assert "bh_" not in str(failed.value), "a key is in no error"
    monkeypatch.setenv("BROWSERHOOK_KEY", "bh_secret")
    with Browserhook() as client:
        assert client.url == "http://127.0.0.1:8080"
        assert "bh_secret" not in repr(client)


def test_a_with_block_hides_no_error(calls: Caller) -> None:
    def leave(client: Any) -> Any:
        async def leave_async() -> None:
            async with await client.sessions.get("browser_1"):
                raise KeyError("mine")

        if calls.kind == "asyncio":
            return leave_async()
        with client.sessions.get("browser_1"):
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        calls(leave, httpx.Response(200, json={"sessionId": "browser_1"}), httpx.ConnectError("refused"))
    assert [one.method for one in calls.requests] == ["GET", "DELETE"], "it is closed, if that can be done soon"


def test_steps() -> None:
    assert click("#buy", button="right").optional().to_json() == {"action": "click", "target": "#buy", "button": "right", "optional": True}
    assert extract("h1").dry_run().to_json() == {"action": "extract", "target": "h1", "dryRun": True}
    assert repr(fill("#pw", "hunter2", secret=True)) == "<Step fill '#pw'>", "it shows no secret"
    dry = goto("https://shop.example/").dry_run()
    assert dry.decode({"dryRun": True}) == models.DryRunResult(dry_run=True)
    assert dry.decode({"url": "u", "title": "t"}) == models.PageResult(url="u", title="t")


def test_what_a_newer_server_says() -> None:
    run = models.decode_step_run({"action": "fly", "stepId": "step_1", "index": 0, "status": "COMPLETED", "createdAt": "2026-11-24T11:30:15Z", "result": 7})
    assert isinstance(run, models.OtherStepRun) and run.action == "fly" and run.result == 7
    event = models.Event.decode({"id": "evt_1", "type": "browser", "data": {"eventType": "browser_flew", "height": 3}})
    assert isinstance(event.data, models.OtherEventData) and event.data.raw["height"] == 3
