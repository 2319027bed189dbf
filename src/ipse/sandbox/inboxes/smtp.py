"""A mail server that keeps what it is told, in as little of RFC 5321 as a client needs."""

from __future__ import annotations

import asyncio
import contextlib
import re
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from typing import Final

from ipse.sandbox.inboxes.model import Inboxes
from ipse.sandbox.moods import How, Moods

PARTY: Final = "inboxes"
"""What the world calls this party where it misbehaves."""
_MOST_BYTES: Final = 200_000
_MOST_RECIPIENTS: Final = 20
_IDLE_SECONDS: Final = 30
_PATH: Final = re.compile(r"(?:mail from|rcpt to): ?<([^<>\s]{0,254})>.*", re.IGNORECASE)


@dataclass(slots=True)
class _Envelope:
    sender: str | None = None
    recipients: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class MailServer:
    """Listens on one port; no TLS, no login: the world is one machine."""

    inboxes: Inboxes
    moods: Moods

    async def serve(self, host: str, port: int) -> asyncio.Server:
        """Begin to listen."""
        return await asyncio.start_server(self._talk, host, port, limit=_MOST_BYTES)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            await self._session(reader, writer)
        writer.close()

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self.moods.wait(self.moods.of(PARTY))
        _say(writer, "220 inboxes ESMTP")
        envelope = _Envelope()
        while True:
            async with asyncio.timeout(_IDLE_SECONDS):
                line = (await reader.readuntil(b"\n")).decode("utf-8", "replace").strip()
            word = line.partition(" ")[0].upper()
            if word == "QUIT":
                _say(writer, "221 goodbye")
                return
            if word == "DATA" and envelope.recipients:
                _say(writer, "354 end with a point alone on a line")
                body = await _body(reader)
                _say(writer, self._keep(envelope, body))
                envelope = _Envelope()
            else:
                _say(writer, self._answer(word, line, envelope))
            await writer.drain()

    def _answer(self, word: str, line: str, envelope: _Envelope) -> str:
        if word in {"EHLO", "HELO"}:
            return f"250-inboxes\r\n250-SIZE {_MOST_BYTES}\r\n250 8BITMIME" if word == "EHLO" else "250 inboxes"
        if word in {"NOOP", "RSET"}:
            if word == "RSET":
                envelope.sender, envelope.recipients = None, []
            return "250 done"
        path = _PATH.fullmatch(line)
        if path is None:
            return "503 not now, or not understood"
        if word == "MAIL":
            envelope.sender = path[1]
        elif envelope.sender is None or len(envelope.recipients) >= _MOST_RECIPIENTS:
            return "503 not now"
        elif self.moods.of(PARTY).how is How.REFUSE:
            return "550 no such inbox"
        else:
            envelope.recipients.append(path[1])
        return "250 noted"

    def _keep(self, envelope: _Envelope, body: bytes) -> str:
        if self.moods.of(PARTY).how is How.ERROR:
            return "451 try later"
        message = message_from_bytes(body, policy=policy.default)
        plain = message.get_body(("plain",))
        text = plain.get_content() if plain is not None else ""
        for recipient in envelope.recipients:
            self.inboxes.deliver("mail", recipient, str(message["subject"] or ""), text.strip())
        return "250 kept"


async def _body(reader: asyncio.StreamReader) -> bytes:
    """The message, its leading points undoubled (RFC 5321 §4.5.2)."""
    lines: list[bytes] = []
    size = 0
    async with asyncio.timeout(_IDLE_SECONDS):
        while (line := await reader.readuntil(b"\n")) not in {b".\r\n", b".\n"}:
            size += len(line)
            if size > _MOST_BYTES:
                raise asyncio.IncompleteReadError(b"", None)
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
    return b"".join(lines)


def _say(writer: asyncio.StreamWriter, answer: str) -> None:
    writer.write(f"{answer}\r\n".encode())
