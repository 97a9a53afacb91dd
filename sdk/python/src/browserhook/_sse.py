"""Reads server-sent events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass
class Message:
    """One message of a stream."""

    id: str | None = None
    event: str = ""
    data: str = ""


class Parser:
    """Takes bytes as they come. Lines end with LF or CRLF, and with nothing else that
    Unicode has for it: an event's JSON may hold that."""

    def __init__(self) -> None:
        self._rest = b""
        self._message = Message()
        self._lines: list[str] = []

    def feed(self, chunk: bytes) -> Iterator[Message]:
        """Gives the messages that are whole by now."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            message = self._line(line.removesuffix(b"\r").decode("utf-8", "replace"))
            if message:
                yield message

    def _line(self, line: str) -> Message | None:
        if not line:
            message, self._message = self._message, Message()
            message.data, self._lines = "\n".join(self._lines), []
            return message if message.id is not None or message.data else None
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "id" and "\0" not in value:
            self._message.id = value
        elif name == "event":
            self._message.event = value
        elif name == "data":
            self._lines.append(value)
        return None
