"""Files made to do harm: each ends within its limits, and whoever asked lives on."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import time
import zlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from ipse.documents.errors import (
    DocumentsUnavailable,
    DocumentTakesTooLong,
    DocumentTooLarge,
    DocumentUnreadable,
)
from ipse.documents.model import Inspected, Level, Problem
from ipse.documents.requests import Inspect
from ipse.documents.service import Documents
from ipse.documents.worker.confinement import Confined
from ipse.kernel.errors import PlatformError
from ipse.kernel.settings.parts import Papers
from tests.functional.documents.conftest import Desk
from tests.functional.documents.referees import Referees
from tests.functional.documents.samples import assemble, pdf

pytestmark = pytest.mark.asyncio(loop_scope="session")
TRAILER = "/Root 1 0 R"
PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>"
CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"
PAGES = b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>"


def stream(entries: bytes, body: bytes) -> bytes:
    return b"<< %b /Length %d >>\nstream\n%b\nendstream" % (entries, len(body), body)


def bomb() -> bytes:
    """Two layers of compression around many zeros, as the content of a page and as a table of objects."""
    packed = zlib.compress(zlib.compress(bytes(300_000_000), 1), 9)
    filters = b"/Filter [/FlateDecode /FlateDecode]"
    objects = stream(filters + b" /Type /ObjStm /N 1 /First 10", packed)
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R >>"
    return assemble({1: CATALOG, 2: PAGES, 3: page, 4: stream(filters, packed), 5: objects}, TRAILER)


def deep() -> bytes:
    return assemble({1: CATALOG, 2: PAGES, 3: PAGE, 4: b"[" * 200_000 + b"]" * 200_000}, TRAILER + " /Info 4 0 R")


def circle_of_pages() -> bytes:
    return assemble({1: CATALOG, 2: b"<< /Type /Pages /Count 3 /Kids [2 0 R 2 0 R] /Parent 2 0 R >>"}, TRAILER)


def circle_of_tables() -> bytes:
    whole = pdf()
    start = whole.rindex(b"startxref\n") + 10
    return whole.replace(b"/Root 1 0 R", b"/Root 1 0 R /Prev %b" % whole[start:].split(b"\n")[0])


def claims() -> bytes:
    """A page that says it is enormous, with a picture of two gigabytes that is not there."""
    page = PAGE.replace(b"595 842", b"1e9 1e9")[:-2] + b"/Contents 4 0 R /Resources << /XObject << /I 5 0 R >> >> >>"
    picture = b"/Subtype /Image /Width 40000 /Height 40000 /ColorSpace /DeviceRGB /BitsPerComponent 16"
    content = stream(b"", b"q 1e9 0 0 1e9 0 0 cm /I Do Q")
    return assemble({1: CATALOG, 2: PAGES, 3: page, 4: content, 5: stream(picture, b"x")}, TRAILER)


def claimed_count() -> bytes:
    return assemble({1: CATALOG, 2: b"<< /Type /Pages /Count 2147483647 /Kids [3 0 R] >>", 3: PAGE}, TRAILER)


def claimed_length() -> bytes:
    return assemble({1: CATALOG, 2: PAGES, 3: PAGE, 4: b"<< /Length 2147483648 >>\nstream\nx\nendstream"}, TRAILER)


async def outcome(work: Awaitable[object]) -> tuple[str, str]:
    """With which code it was refused, and why."""
    try:
        await work
    except PlatformError as error:
        return error.code, error.detail
    return "document_read", ""


HOSTILE: dict[str, Callable[[], bytes]] = {
    "bomb": bomb,
    "deep": deep,
    "circle of pages": circle_of_pages,
    "circle of tables": circle_of_tables,
    "claims": claims,
    "claimed count": claimed_count,
    "claimed length": claimed_length,
    "empty": lambda: b"",
    "only a header": lambda: b"%PDF-1.7\n",
    "noise": lambda: b"%PDF-1.7\n" + random.Random(1).randbytes(100_000),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_file_ends(desk: Desk, name: str) -> None:
    content = HOSTILE[name]()
    started = time.monotonic()
    for work in (
        desk.documents.inspect(content),
        desk.documents.page(content, 1, 800),
        desk.sign_pdf(content, desk.authority.elliptic, Level.B_B),
    ):
        code, detail = await outcome(work)
        assert code.startswith("document")
        assert "Traceback" not in detail
    assert time.monotonic() - started < 25
    assert (await desk.documents.inspect(pdf())).problems == ()


async def test_thousands_of_pages_are_too_many(desk: Desk) -> None:
    found = await desk.documents.inspect(pdf(pages=2000))
    assert found.problems == (Problem.TOO_MANY_PAGES,)
    with pytest.raises(DocumentTooLarge):
        await desk.documents.page(pdf(pages=501), 1, 100)


async def test_two_tables_of_contents_are_refused(desk: Desk) -> None:
    whole = pdf()
    hidden = whole.replace(b"/Root 1 0 R", b"/Root 1 0 R /XRefStm 15")
    try:
        found = await desk.documents.inspect(hidden)
        assert found.refused
    except DocumentUnreadable:
        pass


async def test_an_encrypted_file_is_refused(desk: Desk, referees: Referees) -> None:
    secret = referees.folder / "secret.pdf"
    referees.run("qpdf", "--encrypt", "", "owner", "256", "--", str(referees.kept(pdf(), "pdf")), str(secret))
    assert (await desk.documents.inspect(secret.read_bytes())).refused == (Problem.ENCRYPTED,)


async def test_flipped_bytes_harm_nobody(desk: Desk) -> None:
    """Signed files with a few bytes changed are read or refused, and never taken for intact."""
    signed = (await desk.sign_pdf(pdf(), desk.authority.elliptic, Level.B_T)).content
    chance = random.Random(7)

    async def one() -> None:
        changed = bytearray(signed)
        for _ in range(chance.randint(1, 4)):
            changed[chance.randrange(20, len(pdf()))] = chance.randrange(256)
        try:
            found = await desk.documents.inspect(bytes(changed))
        except (DocumentUnreadable, DocumentTooLarge, DocumentTakesTooLong):
            return
        assert bytes(changed) == signed or not any(one.intact for one in found.signatures)

    await asyncio.gather(*(one() for _ in range(40)))


async def test_all_walls_stand(desk: Desk) -> None:
    await desk.documents.inspect(pdf())
    assert desk.documents.confined == frozenset(Confined)


async def test_too_little_time_and_memory_are_named() -> None:
    little = Documents(Papers(worker_seconds=1, worker_megabytes=250, most_bytes=10_000_000))
    try:
        with pytest.raises(DocumentTooLarge):
            await little.inspect(bytes(10_000_001))
        many = pdf(
            more=tuple(f"[{' '.join(['[]'] * 2000)}]" for _ in range(500)),
            extra="/X [" + " ".join(f"{n} 0 R" for n in range(12, 512)) + "]",
        )
        with pytest.raises((DocumentTakesTooLong, DocumentTooLarge)):
            await little.inspect(many)
        assert (await little.inspect(pdf())).problems == ()
    finally:
        await little.stop()


async def test_a_killed_worker_is_replaced(documents: Documents) -> None:
    await documents.inspect(pdf())
    waiting = documents._workers._waiting
    assert waiting is not None
    os.kill(waiting.pid, signal.SIGKILL)
    assert (await documents.inspect(pdf())).problems == ()


async def test_every_worker_busy_is_said_in_time() -> None:
    busy = Documents(Papers(worker_seconds=1, workers=1))
    try:
        await busy.inspect(pdf())
        async with busy._workers._place(busy._workers._places):
            with pytest.raises(DocumentsUnavailable):
                await busy.inspect(pdf())
    finally:
        await busy.stop()


async def test_strangers_leave_a_worker_to_others(documents: Documents) -> None:
    """Whoever brings slow files to be judged keeps nobody from signing."""
    workers = documents._workers
    async with workers._place(workers._strangers, workers._places):
        judging = asyncio.create_task(documents.run("inspect", Inspect(pdf(), 9), Inspected, stranger=True))
        assert (await documents.inspect(pdf())).problems == ()
        assert not judging.done()
    assert (await judging).problems == ()


ORPHAN = """
import asyncio
from ipse.documents.service import Documents
from ipse.kernel.settings.parts import Papers


async def main():
    documents = Documents(Papers())
    await documents.start()
    print(documents._workers._waiting.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_workers_end_with_whoever_asked() -> None:
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", ORPHAN, stdout=asyncio.subprocess.PIPE)
    assert parent.stdout is not None
    waiting = int(await asyncio.wait_for(parent.stdout.readline(), 30))
    assert alive(waiting)
    parent.kill()
    await parent.wait()
    for _ in range(200):
        if not alive(waiting):
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the process that waits has outlived its parent")


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
