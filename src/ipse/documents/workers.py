"""Workers as their parent knows them: started, fed, asked, answered, and ended in time."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from typing import Final, TypeVar

import msgspec
import structlog

from ipse.documents import errors
from ipse.documents.model import Ask
from ipse.documents.worker.confinement import Confined
from ipse.documents.worker.frames import (
    LENGTH,
    MOST_QUESTION,
    MOST_QUESTIONS,
    Done,
    Question,
    Refused,
    Start,
    Told,
    packed,
    unpacked,
)
from ipse.kernel.errors import PlatformError
from ipse.kernel.settings.parts import Papers

Answer = TypeVar("Answer", bound=msgspec.Struct)
STARTING: Final = 20
"""Seconds for a worker to report; the first one waits until everything is imported."""
ASKING: Final = 30
"""Seconds that whoever is asked may take, whatever their own time-outs."""
BESIDE: Final = 16_000_000
"""Bytes that an answer may hold beside three files of the largest size: pictures, certificates, revocation lists."""
_REFUSALS: Final[Mapping[str, type[PlatformError]]] = {
    kind.code: kind
    for kind in (
        errors.DocumentUnreadable,
        errors.DocumentTooLarge,
        errors.DocumentTakesTooLong,
        errors.DocumentNotSignable,
        errors.SignatureUnfit,
    )
}
_log = structlog.get_logger("ipse.documents")


class Workers:
    """One process for each job, at most `workers` at a time; strangers' jobs leave one place free for all others."""

    def __init__(self, papers: Papers) -> None:
        self._papers = papers
        self._places = asyncio.Semaphore(papers.workers)
        self._strangers = asyncio.Semaphore(max(1, papers.workers - 1))
        self._beginning = asyncio.Lock()
        self._waiting: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self.confined: frozenset[Confined] | None = None
        """Which walls stood around the last worker; None: there was none yet."""

    async def start(self) -> None:
        """Have the process ready that workers come of; else the first job waits for it."""
        async with self._beginning:
            await asyncio.to_thread(self._started)

    async def stop(self) -> None:
        """End them all: they die with the process they came of."""
        async with self._beginning:
            await asyncio.to_thread(self._end)

    async def run(
        self, job: str, request: msgspec.Struct, answer: type[Answer], ask: Ask | None, *, stranger: bool = False
    ) -> Answer:
        """Do one job; `stranger`: of somebody whom nobody knows."""
        body = msgspec.msgpack.encode(request)
        places = (self._strangers, self._places) if stranger else (self._places,)
        async with self._place(*places), self._worker() as (reader, writer):
            writer.write(packed(Start(job, body)))
            done = await self._conversation(reader, writer, ask)
        return msgspec.msgpack.decode(done, type=answer)

    @contextlib.asynccontextmanager
    async def _place(self, *places: asyncio.Semaphore) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as held:
            try:
                async with asyncio.timeout(self._papers.worker_seconds):
                    for place in places:
                        await held.enter_async_context(place)
            except TimeoutError as error:
                raise errors.DocumentsUnavailable("every worker is busy") from error
            yield

    @contextlib.asynccontextmanager
    async def _worker(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """A fresh process that waits for its job; it is killed on the way out, whatever has happened."""
        async with self._beginning:
            connection, process = await asyncio.to_thread(self._begin)
        try:
            reader, writer = await asyncio.open_unix_connection(sock=connection)
            try:
                yield reader, writer
            finally:
                writer.close()
        finally:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(process, signal.SIGKILL)
            os.close(process)

    async def _conversation(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ask: Ask | None) -> bytes:
        """Answer its questions until it is done. Only its own time counts, not that of whom it asks."""
        clock = asyncio.get_running_loop().time
        left = float(self._papers.worker_seconds)
        for _ in range(MOST_QUESTIONS):
            before = clock()
            try:
                async with asyncio.timeout(left):
                    await writer.drain()
                    message = await self._next(reader)
            except TimeoutError as error:
                raise errors.DocumentTakesTooLong("the time of the worker is used up") from error
            except (EOFError, OSError) as error:
                if clock() - before >= left - 1:
                    raise errors.DocumentTakesTooLong("the kernel has ended the worker") from error
                if self._waiting is None or self._waiting.poll() is not None:
                    raise errors.DocumentsUnavailable("workers were stopped") from error
                raise errors.DocumentUnreadable("the worker ended without an answer") from error
            left -= clock() - before
            match message:
                case Done(answer):
                    return answer
                case Refused(code, detail, problems):
                    raise _REFUSALS.get(code, errors.DocumentUnreadable)(detail, problems=problems)
                case Question():
                    writer.write(packed(Told(await _told(message, ask))))
        raise errors.DocumentUnreadable("the worker asks too much")

    async def _next(self, reader: asyncio.StreamReader) -> Done | Refused | Question:
        (length,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
        if length > 3 * self._papers.most_bytes + BESIDE:
            raise errors.DocumentTooLarge("the worker says too much")
        message = unpacked(await reader.readexactly(length))
        if isinstance(message, Question) and length > MOST_QUESTION:
            raise errors.DocumentTooLarge("the worker asks too much at once")
        return message

    def _begin(self) -> tuple[socket.socket, int]:
        """A process of its own, and the handle by which it is ended."""
        for _ in range(2):
            ours, theirs = socket.socketpair()
            try:
                with theirs:
                    socket.send_fds(self._started(), [b"\0"], [theirs.fileno()])
                ours.settimeout(STARTING)
                walls, handles, _, _ = socket.recv_fds(ours, 1000, 1)
            except OSError:
                walls, handles = b"", []
            if handles:
                self._tell(walls)
                ours.settimeout(0)
                return ours, handles[0]
            ours.close()
            self._end()
        raise errors.DocumentsUnavailable("no worker could be started")

    def _started(self) -> socket.socket:
        if self._control is None:
            self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            limits = (str(self._papers.worker_seconds), str(self._papers.worker_megabytes))
            with theirs:
                self._waiting = subprocess.Popen(  # noqa: S603 - our own program
                    [sys.executable, "-I", "-m", "ipse.documents.worker", str(theirs.fileno()), *limits],
                    env={"TZ": "UTC"},
                    cwd="/",
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    pass_fds=[theirs.fileno()],
                )
        return self._control

    def _tell(self, walls: bytes) -> None:
        first = self.confined is None
        self.confined = frozenset(msgspec.json.decode(walls, type=tuple[Confined, ...]))
        if first and (missing := frozenset(Confined) - self.confined):
            _log.warning("documents.less_confined", missing=sorted(missing))

    def _end(self) -> None:
        if self._control is not None:
            self._control.close()
        if self._waiting is not None:
            self._waiting.kill()
            self._waiting.wait()
        self._control = self._waiting = None


async def _told(question: Question, ask: Ask | None) -> bytes | None:
    """What was found out, or nothing: the job then does with less."""
    if ask is None:
        return None
    try:
        async with asyncio.timeout(ASKING):
            match question.what:
                case "timestamp":
                    return await ask.timestamp(question.first)
                case "ocsp":
                    return await ask.ocsp(question.first, question.second)
                case "crl":
                    return await ask.crl(question.first.decode("ascii"))
    except (PlatformError, UnicodeDecodeError, TimeoutError) as error:
        _log.info("documents.not_answered", what=question.what, why=type(error).__name__)
    return None
