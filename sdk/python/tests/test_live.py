"""Against a live server."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from browserhook import (
    AsyncBrowserhook, Browserhook, BrowserhookError, Session, StepFailed, assert_, click, download, evaluate, extract, fill, goto,
    models, screenshot, wait_for,
)


def test_a_session(client: Browserhook, site: str) -> None:
    with client.sessions.create(metadata={"order": "7"}, viewport={"width": 800, "height": 600}) as session:
        page, name, price, buttons = session.run((goto(site), extract("h1"), extract("#price", type="number"), evaluate("document.querySelectorAll('button').length")))
        assert (page.url, page.title, page.status) == (site + "/", "Tea shop", 200)
        assert (name, price, buttons) == ("Oolong", 4.5, 1)
        assert session.run([fill("#who", "Ann"), {"action": "click", "target": "#buy"}, wait_for(expression="bought")])[2] == "Ann"
        assert session.run(extract("#who", attribute="placeholder")) == "Your name"
        assert session.run(click("#none", timeout="50ms").optional()) is None

        shot = session.run(screenshot())
        png = session.artifact(shot.artifact_id)
        assert png.startswith(b"\x89PNG") and len(png) == shot.size and (shot.width, shot.height) == (800, 600)
        with session.stream_artifact(shot.artifact_id, range="bytes=0-3") as chunks:
            assert b"".join(chunks) == b"\x89PNG"
        file = session.run(download(site + "/list.csv"))
        assert session.artifact(file.artifact_id) == b"tea,price\n" and file.name == "list.csv"
        assert {one.kind for one in session.artifacts()} == {"screenshot", "download", "failure"}

        session.ready()
        assert session.status == "READY" and session.connect_url.startswith("ws")
        before = session.connect_url
        assert session.rotate_connect_url() != before
        live = session.live(mode="control", expires_in="1m")
        assert httpx.get(live.streaming_url).status_code == 200
        session.revoke_live(live.stream_id)
        assert session.get_live(live.stream_id).revoked_at
        assert any(entry.text == "bought by Ann" for entry in session.logs(kinds=["console"]))
        assert session.har()["log"]["entries"]
        assert [one.action for one in session.steps()][:2] == ["goto", "extract"]
        session_id = session.id
    assert session.status in ("CLOSING", "CLOSED")
    kinds = [event.data.event_type for event in session.events()]
    assert (kinds[0], kinds[-1]) == ("browser_ready", "browser_closed")
    assert kinds.count("step_completed") == 10 and session.refresh().status == "CLOSED"
    [ended] = [event for event in session.events(types=["browser_closed"])]
    assert isinstance(ended.data, models.BrowserClosedData) and ended.data.reason == "requested" and ended.metadata == {"order": "7"}
    assert list(session.events(after=ended.id)) == []
    assert session_id in [one.id for one in client.sessions.list(status="CLOSED", limit=1)]
    session.forget()
    with pytest.raises(BrowserhookError) as gone:
        client.sessions.get(session_id)
    assert (gone.value.status, gone.value.code) == (404, "not_found") and gone.value.request_id


@pytest.fixture(scope="module")
def session(client: Browserhook, site: str):  # type: ignore[no-untyped-def]
    with client.sessions.create(url=site) as one:
        yield one


def test_a_step_that_fails(session: Session) -> None:
    with pytest.raises(StepFailed) as failed:
        session.run((click("#none", timeout="2s"), extract("h1")))
    e = failed.value
    assert e.code == "target_not_found" and e.step.action == "click"
    assert [one.status for one in e.steps] == ["FAILED", "CANCELED"]
    with pytest.raises(StepFailed) as failed:
        session.run([click("#none", timeout="100ms"), extract("h1")], on_error="continue")
    assert [one.status for one in failed.value.steps] == ["FAILED", "COMPLETED"]


def test_the_time_is_over(session: Session) -> None:
    with pytest.raises(BrowserhookError) as failed:
        session.run([wait_for("#none"), extract("h1")], timeout=2)
    assert failed.value.code == "timeout"
    assert session.run(extract("h1")) == "Oolong", "nothing is in the way"


def test_steps_that_are_not_waited_for(session: Session) -> None:
    [added] = session.add(wait_for("#none"))
    assert added.status in ("PENDING", "RUNNING")
    assert session.cancel(added.step_id).step_id == added.step_id
    assert session.run((click("#buy").dry_run(),))[0].found
    dry = session.run(goto("about:blank").dry_run())
    assert isinstance(dry, models.DryRunResult)


def test_long_results(session: Session) -> None:
    texts = session.run([evaluate("'x'.repeat(200_000)") for _ in range(40)])
    assert [len(one) for one in texts] == [200_000] * 40


def test_a_refusal(session: Session) -> None:
    with pytest.raises(BrowserhookError) as failed:
        session.run({"action": "goto", "url": "nowhere"})
    assert failed.value.status == 422 and failed.value.fields[0].field == "steps[0].url"


def test_answers_that_get_lost(lossy: str, site: str) -> None:
    """Every other answer is lost after the server has done what it says, and every stream
    breaks off after an event."""
    with Browserhook(lossy) as client:
        before = len([one for one in client.sessions.list(limit=2)])
        count = int(httpx.get(site + "/count").text)
        session = client.sessions.create(url=site)
        session.run((fill("#who", "Ben"), evaluate("fetch('/count', {method: 'POST'}).then(r => r.status)")))
        session.run(evaluate("fetch('/count', {method: 'POST'}).then(r => r.status)"))
        assert int(httpx.get(site + "/count").text) == count + 2, "nothing is done twice"
        assert len([one for one in client.sessions.list(limit=2)]) == before + 1
        session.close()
        events = list(session.events())
        assert [one.sequence for one in events] == list(range(1, len(events) + 1)), "each comes once"
        endpoint = client.endpoints.create("http://127.0.0.1:9/hook")
        client.endpoints.delete(endpoint.endpoint_id)
        session.forget()
        with client.sessions.create() as another:
            another.ready()
        another.forget()  # waits until its browser has gone


def test_asyncio(site: str) -> None:
    async def main() -> None:
        async with AsyncBrowserhook() as client:
            async with await client.sessions.create(url=site) as session:
                name, shot = await session.run((extract("h1"), screenshot()))
                assert name == "Oolong"
                async with session.stream_artifact(shot.artifact_id) as chunks:
                    assert b"".join([one async for one in chunks]).startswith(b"\x89PNG")
                with pytest.raises(StepFailed):
                    await session.run(assert_(title="Coffee shop", timeout="50ms"))
                assert [one.action async for one in session.steps()] == ["goto", "extract", "screenshot", "assert"]
                with pytest.raises(asyncio.TimeoutError):
                    await asyncio.wait_for(session.run(wait_for("#none")), 0.3)
                assert await session.run(extract("h1")) == "Oolong", "who stops waiting cancels the steps"
            kinds = [event.data.event_type async for event in session.events()]
            assert kinds[0] == "browser_ready" and kinds[-1] == "browser_closed"
            async with client.events.stream(after="beginning") as events:
                async for event in events:
                    assert event.id
                    break

    asyncio.run(main())


def test_endpoints_and_deliveries(client: Browserhook) -> None:
    endpoint = client.endpoints.create("http://127.0.0.1:9/hook", events=["webhook_test"], metadata={"a": "1"}, retry_schedule=["1h"], key_pair=True)
    assert endpoint.secret and endpoint.public_key
    one = client.endpoints.update(endpoint.endpoint_id, description="x", metadata=None)
    assert (one.description, one.metadata) == ("x", {})
    delivery = client.endpoints.test(endpoint.endpoint_id)

    def attempted(times: int) -> None:
        while client.deliveries.get(delivery.delivery_id).attempts < times:
            time.sleep(0.02)  # only asking tells

    attempted(1)
    [attempt] = client.deliveries.attempts(delivery.delivery_id)
    assert (attempt.number, attempt.error_class) == (1, "connect")
    assert client.events.explain(delivery.event_id).page().data[0].endpoint_id == endpoint.endpoint_id
    assert client.deliveries.explain(delivery.delivery_id).code
    assert [one.delivery_id for one in client.deliveries.list(endpoint_id=endpoint.endpoint_id)] == [delivery.delivery_id]
    assert client.deliveries.cancel(delivery.delivery_id).status == "CANCELED"
    client.deliveries.retry(delivery.delivery_id)
    attempted(2)
    assert client.deliveries.cancel_many(endpoint_id=endpoint.endpoint_id).deliveries == 1
    assert client.deliveries.retry_many(endpoint_id=endpoint.endpoint_id, status="CANCELED").deliveries == 1
    assert client.endpoints.recover(endpoint.endpoint_id, "2026-01-01T00:00:00Z").deliveries == 0
    assert client.endpoints.disable(endpoint.endpoint_id).status == "DISABLED"
    assert client.endpoints.enable(endpoint.endpoint_id).status == "ENABLED"
    assert client.endpoints.pause(endpoint.endpoint_id).status == "PAUSED"
    assert client.endpoints.resume(endpoint.endpoint_id).status == "ENABLED"
    assert client.endpoints.rotate_secret(endpoint.endpoint_id, overlap="1h").secret != endpoint.secret
    client.endpoints.delete(endpoint.endpoint_id)
    assert endpoint.endpoint_id not in [one.endpoint_id for one in client.endpoints.list()]
    assert "browser_ready" in [one.type for one in client.events.types()]


def test_keys_projects_and_nodes(client: Browserhook) -> None:
    project = client.projects.create(name="py")
    assert client.projects.update(project.project_id, sessions=3).sessions == 3
    assert project.project_id in [one.project_id for one in client.projects.list(limit=1)]
    made = client.keys.create(name="py", role="viewer", project_id=project.project_id)
    assert made.key
    with Browserhook(key=made.key) as viewer:
        assert list(viewer.sessions.list()) == []
        with pytest.raises(BrowserhookError, match="forbidden"):
            viewer.sessions.create()
    client.keys.revoke(made.key_id)
    assert [one.revoked_at for one in client.keys.list() if one.key_id == made.key_id] != [None]
    assert len(list(client.nodes.list())) == 1
    assert "browserhook_" in client.metrics()


EXAMPLES = Path(__file__).parent.parent / "examples"


@pytest.mark.parametrize("command", [
    ["flask", "--app", "flask_app", "run", "--port", "0"],
    ["uvicorn", "fastapi_app:app", "--port", "0"],
])
def test_the_examples(client: Browserhook, command: list[str]) -> None:
    """Each takes what the server signs, by the secret and by the key pair, and nothing else."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    made = client.endpoints.create("http://127.0.0.1:9/hook", secret=secret, key_pair=True, events=["webhook_test"], retry_schedule=[])
    for secrets in (secret, made.public_key):
        environment = {**os.environ, "BROWSERHOOK_WEBHOOK_SECRETS": str(secrets), "PYTHONUNBUFFERED": "1"}
        with subprocess.Popen([sys.executable, "-m", *command], cwd=EXAMPLES, env=environment, stderr=subprocess.STDOUT, stdout=subprocess.PIPE, text=True) as app:
            try:
                assert app.stdout
                found = next(filter(None, (re.search(r"unning on (http://127\.0\.0\.1:\d+)", line) for line in app.stdout)))
                url = found[1] + "/hook"
                client.endpoints.update(made.endpoint_id, url=url)
                delivery = client.endpoints.test(made.endpoint_id)
                while client.deliveries.get(delivery.delivery_id).status in ("PENDING", "SENDING"):
                    time.sleep(0.02)  # only asking tells
                assert client.deliveries.get(delivery.delivery_id).status == "DELIVERED"
                forged = httpx.post(url, content=b"{}", headers={"webhook-id": "evt_1", "webhook-timestamp": "1", "webhook-signature": "v1,x"})
                assert forged.status_code == 400
            finally:
                app.terminate()
    client.endpoints.delete(made.endpoint_id)
