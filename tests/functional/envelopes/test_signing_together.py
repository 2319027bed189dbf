"""From the upload to the signed file, on either database; nothing is lost when processes stop or two sign at once."""

from __future__ import annotations

import asyncio
import io
import zipfile

import pytest

from ipse.envelopes.errors import PenTaken
from ipse.envelopes.service import Visit
from ipse.kernel.ids import b64u, sha256
from tests.functional.documents.samples import pdf
from tests.functional.envelopes.guests import Guests, headings, links, signatures

PEN = "select pen from envelopes_envelopes"
TABLES = (
    "select count(*) as found from envelopes_envelopes",
    "select count(*) as found from envelopes_documents",
    "select count(*) as found from envelopes_signers",
    "select count(*) as found from envelopes_attempts",
    "select count(*) as found from envelopes_steps",
    "select count(*) as found from envelopes_blobs",
    "select count(*) as found from envelopes_pieces",
)


async def _rows(guests: Guests) -> list[int]:
    found = [await guests.house.scheme.database.row(text) for text in TABLES]
    return [row["found"] for row in found if row is not None]


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_alone_and_in_order(guests: Guests) -> None:
    ada, bram = await guests.guest("Ada"), await guests.guest("Bram")
    at = await ada.draft(lease=pdf())
    assert (await bram.get(at)).status_code == 404
    await ada.post(at, do="add", name="Bram", order="one", title="Our lease")
    page = await ada.post(at, do="send", order="one", title="Our lease")
    [link] = links(page)
    token = link.rpartition("/")[2]
    stored = await guests.house.scheme.database.rows(
        "select link_hash from envelopes_signers where link_hash is not null"
    )
    assert [bytes(row["link_hash"]) for row in stored] == [sha256(token)]

    assert headings(await bram.accept(link))[1] == "Waiting for others"
    assert (await bram.post(f"{at}/sign")).status_code == 409
    # The first signature: two approvals, the certificate's and the documents', one after the other.
    page = await ada.sign(at)
    assert headings(page) == ["Our lease", "Waiting for others"]
    page = await bram.sign(at)
    assert headings(page) == ["Our lease", "Signed by all"]
    assert page.text.count("PAdES B-LT") == 1

    zipped = (await ada.get(f"{at}/all")).content
    with zipfile.ZipFile(io.BytesIO(zipped)) as archive:
        assert archive.namelist() == ["lease.pdf", "record.json"]
        lease = archive.read("lease.pdf")
    assert signatures(lease) == 2
    record = (await bram.get(f"{at}/record.json")).json()
    assert [step["what"] for step in record["steps"]] == ["brought", "opened", "came", "signed", "signed", "finished"]
    assert record["documents"][0]["now"] == sha256(lease).hex()
    assert (await guests.house.scheme.database.row(PEN))["pen"] is None  # type: ignore[index]

    assert headings(await ada.post(f"{at}/delete"))[0] == "Sign documents"
    assert await _rows(guests) == [0] * 7


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_an_approval_outlives_its_browser_and_its_process(guests: Guests) -> None:
    ada = await guests.certified("Ada")
    at = await ada.draft(lease=pdf())
    waiting = await ada.post(at, do="sign")
    request = await ada.phone.claim(waiting.url.path.rpartition("/")[2])
    [signed] = request.confirms
    reading, document = guests.envelopes.reading, signed["documents"][0]
    opened = await reading.paper(request.action, document["document"])
    assert opened is not None
    assert (opened.pages, b64u(sha256(opened.octets))) == (1, document["file_digest"])
    assert (await reading.page(request.action, document["document"], 1) or b"").startswith(b"\x89PNG")
    assert await reading.paper(request.action, "another") is None
    await ada.phone.approve(request)

    # The browser never comes back. Two processes look at once; one signature comes of it.
    guests.clock.ahead = 30
    attempts = guests.envelopes.attempts
    await asyncio.gather(attempts.settle_due(), attempts.settle_due())
    assert headings(await ada.get(at))[1] == "Signed by all"
    [file] = [part for part in (await ada.get(at)).text.split('"') if part.endswith("/file")]
    assert signatures((await ada.get(file)).content) == 1
    assert await attempts.settle_due() == 0
    await guests.envelopes.reading.vault.sweep()
    blobs = await guests.house.scheme.database.rows("select blob_id from envelopes_blobs")
    assert len(blobs) == 1, "what was prepared is gone, and what it was prepared of"


async def test_two_at_once_and_a_pen_that_was_left_lying(guests: Guests) -> None:
    ada, bram = await guests.certified("Ada"), await guests.certified("Bram")
    at = await ada.draft(lease=pdf())
    await ada.post(at, do="add", name="Bram")
    [link] = links(await ada.post(at, do="send"))
    await bram.accept(link)

    asked = await ada.post(f"{at}/sign")
    claimed = await ada.phone.claim(asked.url.path.rpartition("/")[2])
    refused = await bram.post(f"{at}/sign")
    assert (refused.status_code, headings(refused)) == (409, ["Somebody else is signing right now"])
    again = await ada.post(f"{at}/sign")
    assert again.url.path == asked.url.path, "the same request, not a second one"
    await ada.phone.approve(claimed)
    # Bram comes first, before Ada's browser: her signature is finished, then his is prepared upon it.
    waiting = await bram.post(f"{at}/sign")
    assert "/v2/sign-in/" in waiting.url.path
    assert headings(await ada.get(f"{at}/go-on"))[1] == "Waiting for others"

    # Bram's phone never comes. After a minute his request makes room; nobody else waits here, so he asks again himself.
    visit = Visit(bram.phone.account_id, b"another browser", "en")
    guests.clock.ahead = 90
    handle = await guests.envelopes.attempts.begin(at.rpartition("/")[2], visit)
    assert handle is not None
    over = await bram.get(waiting.url.path)
    assert "cancelled" in over.text
    await bram.phone.approve(await bram.phone.claim(handle))
    guests.clock.ahead = 120
    await guests.envelopes.attempts.settle_due()
    page = await bram.get(at)
    assert headings(page)[1] == "Signed by all"
    [file] = [part for part in page.text.split('"') if part.endswith("/file")]
    assert signatures((await bram.get(file)).content) == 2


async def test_a_pen_taken_by_a_process_that_stopped(sqlite_guests: Guests) -> None:
    guests = sqlite_guests
    ada = await guests.certified("Ada")
    at = await ada.draft(lease=pdf())
    await ada.post(at, do="send")
    database, envelope_id = guests.house.scheme.database, at.rpartition("/")[2]
    until = guests.clock.now() + 180_000_000
    take = "update envelopes_envelopes set pen = 'gone', pen_until = $2 where envelope_id = $1 returning envelope_id"
    await database.rows(take, envelope_id, until)
    visit = Visit(ada.phone.account_id, b"browser", "en")
    with pytest.raises(PenTaken):
        await guests.envelopes.attempts.begin(envelope_id, visit)
    guests.clock.ahead = 200
    assert await guests.envelopes.attempts.begin(envelope_id, visit) is not None
