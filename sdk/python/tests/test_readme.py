"""The README's samples, as they are printed, one after the other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from browserhook import Browserhook

FOLDER = Path(__file__).parent.parent


def samples() -> list[str]:
    return re.findall(r"```python\n(.*?)```", (FOLDER / "README.md").read_text(), re.DOTALL)


def test_the_samples_run(client: Browserhook, site: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("BROWSERHOOK_WEBHOOK_SECRETS", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    names: dict[str, object] = {"__name__": "readme"}
    for sample in samples():
        exec(compile(sample.replace("https://shop.example/", site), "README.md", "exec"), names)
    printed = capsys.readouterr().out
    for line in ("Tea shop 200", "target_not_found ", "404 not_found ", "extract Oolong", "requested", "browser_ready", "whsec_"):
        assert line in printed
    assert names["price"] == 4.5 and names["results"] == ["Oolong", 0]


def test_the_example_is_the_printed_one() -> None:
    assert (FOLDER / "examples" / "flask_app.py").read_text() in samples()
