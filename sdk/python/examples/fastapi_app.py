"""Receives webhooks with FastAPI: uvicorn examples.fastapi_app:app"""

import os

from fastapi import BackgroundTasks, FastAPI, HTTPException, Request

from browserhook import WebhookVerificationError, models, webhooks

app = FastAPI()
secrets = os.environ["BROWSERHOOK_WEBHOOK_SECRETS"].split()  # whsec_…, whpk_…


def work(event: models.Event) -> None:
    if isinstance(event.data, models.BrowserClosedData):
        print(event.session_id, event.data.reason, flush=True)


@app.post("/hook", status_code=204)
async def hook(request: Request, background: BackgroundTasks) -> None:
    try:
        event = webhooks.verify(await request.body(), request.headers, secrets)
    except WebhookVerificationError as error:
        raise HTTPException(400, str(error)) from error
    background.add_task(work, event)  # the answer is fast, and the work comes afterwards
