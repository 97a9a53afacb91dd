"""Reads the orders of an account: signs in the first time, and is still signed in after that."""

import json
import os
from pathlib import Path

from browserhook import Browserhook, click, extract, fill, goto, storage, wait_for

SHOP = os.environ.get("SHOP", "http://127.0.0.1:8081")
PASSWORD = os.environ.get("SHOP_PASSWORD", "correct horse")
STATE = Path("state.json")  # whoever has it is signed in


def sign_in(session):
    session.run(
        [
            fill("label=E-mail", "ada@example.org"),
            fill("label=Password", PASSWORD, secret=True),
            click('role=button[name="Sign in"]'),
            wait_for(url="*/orders"),
        ]
    )
    kept = session.run(storage("get"))
    STATE.touch(mode=0o600)
    STATE.write_bytes(session.artifact(kept.artifact_id))


with Browserhook() as client, client.sessions.create(metadata={"name": "orders"}) as session:
    if STATE.exists():
        session.run(storage("set", storage_state=json.loads(STATE.read_text())))
    page = session.run(goto(f"{SHOP}/orders"))
    if page.url.endswith("/login"):  # nothing was kept, or it is over
        sign_in(session)
        print("Signed in, and kept it")
    else:
        print("Still signed in")
    for order in session.run(extract(each="#orders li", fields={"number": "b", "item": ".item"})):
        print("-", order["number"], order["item"])
