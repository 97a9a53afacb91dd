"""Receives webhooks with Flask: flask --app examples/flask_app run"""

import os

from flask import Flask, Response, request

from browserhook import WebhookVerificationError, models, webhooks

app = Flask(__name__)
secrets = os.environ["BROWSERHOOK_WEBHOOK_SECRETS"].split()  # whsec_…, whpk_…


@app.post("/hook")
def hook() -> Response:
    try:
        event = webhooks.verify(request.get_data(), request.headers, secrets)
    except WebhookVerificationError as error:
        return Response(str(error), status=400)
    if isinstance(event.data, models.BrowserClosedData):
        print(event.session_id, event.data.reason, flush=True)
    return Response(status=204)  # fast: the work comes afterwards
