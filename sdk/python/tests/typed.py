"""What mypy is to know of types; it isn't run."""

from __future__ import annotations

from typing import Any

from typing_extensions import assert_type

from browserhook import AsyncBrowserhook, Browserhook, click, evaluate, extract, goto, models, screenshot


def of_results(client: Browserhook) -> None:
    session = client.sessions.create(viewport={"width": 800, "height": 600}, headers=[{"name": "X-Tenant", "value": "7"}])
    assert_type(session.run(goto("https://shop.example/")), models.PageResult)
    assert_type(session.run((goto("https://shop.example/"), screenshot())), tuple[models.PageResult, models.PictureResult])
    assert_type(session.run(click("#buy").optional()), "models.StartResult | None")
    assert_type(session.run(goto("https://shop.example/").dry_run()), "models.PageResult | models.DryRunResult")
    assert_type(session.run([goto("https://shop.example/"), extract("h1")]), Any)
    assert_type(session.run(evaluate("1")), Any)
    for event in session.events():
        if isinstance(event.data, models.StepCompletedData):
            assert_type(event.data.duration_ms, int)
    for run in session.steps():
        if isinstance(run, models.GotoStepRun):
            assert_type(run.result, "models.PageResult | models.DryRunResult | None")
    for key in client.keys.list():
        assert_type(key, models.Key)


async def of_asyncio(client: AsyncBrowserhook) -> None:
    session = await client.sessions.create()
    assert_type(await session.run(goto("https://shop.example/")), models.PageResult)
    async for delivery in client.deliveries.list(status="FAILED"):
        assert_type(delivery, models.Delivery)


def of_mistakes(client: Browserhook) -> None:
    goto()  # type: ignore[call-arg]
    goto("https://shop.example/", wait_until="soon")  # type: ignore[arg-type]
    click("#buy", optional=True)  # type: ignore[call-arg]
    client.sessions.create(viewport={"width": 800})  # type: ignore[arg-type]
    client.endpoints.update("we_1", ordered=True)  # type: ignore[call-arg]
