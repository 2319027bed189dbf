"""Who may see, sign, decline, withdraw; what ends an envelope, and what letters say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from ipse.envelopes.service.copies import EnvelopeCopies
from tests.functional.documents.samples import pdf
from tests.functional.envelopes.guests import Guest, Guests, headings, links


@pytest.fixture
def guests(sqlite_guests: Guests) -> Guests:
    return sqlite_guests


async def _invited(ada: Guest, **more: str) -> tuple[str, str]:
    at = await ada.draft(lease=pdf())
    fields = {"title": "Our lease", **more}
    await ada.post(at, do="add", name="Bram", email="bram@example.org", **fields)
    page = await ada.post(at, do="send", **fields)
    return at, links(page)[0]


async def test_an_invitation_is_for_one_person_and_for_the_right_address(guests: Guests) -> None:
    ada, bram, cleo = [await guests.guest(name) for name in ("Ada", "Bram", "Cleo")]
    _, link = await _invited(ada, same_email="yes")
    assert headings(await cleo.accept(link)) == ["This invitation is for another e-mail address"]
    assert headings(await bram.accept(link))[1] == "It is your turn"
    assert headings(await bram.get(link))[1] == "It is your turn"
    assert headings(await cleo.get(link)) == ["Somebody has taken this invitation"]
    unknown = await cleo.get(link[:-5] + "AAAAA")
    assert (unknown.status_code, headings(unknown)) == (404, ["This invitation is not known"])

    async with guests.house.browser() as stranger:
        page = await stranger.http.get(link, follow_redirects=True)
        assert headings(page) == ["Ada Lovelace asks you to sign"]
        assert link.rpartition("/")[2] not in page.text + str(page.url)


async def test_a_copy_names_no_account_but_ones_own(guests: Guests) -> None:
    """What the other one is to us inside is in neither the owner's nor a co-signer's copy (B-73)."""
    ada, bram = await guests.guest("Ada"), await guests.guest("Bram")
    _, link = await _invited(ada)
    await bram.accept(link)
    row = await guests.house.scheme.database.row(
        "select e.account_id as owner, s.account_id as signer from envelopes_envelopes e "
        "join envelopes_signers s on s.envelope_id = e.envelope_id where s.account_id <> e.account_id"
    )
    assert row is not None
    owner, signer = str(row["owner"]), str(row["signer"])
    copies = EnvelopeCopies(guests.envelopes.parties.vault)
    for own, other in ((owner, signer), (signer, owner)):
        told = msgspec.json.encode(await copies.copy(own)).decode()
        assert own in told
        assert other not in told


async def test_declining_and_withdrawing_end_it_for_everybody(guests: Guests) -> None:
    ada, bram = await guests.guest("Ada"), await guests.guest("Bram")
    sent: list[dict[str, Any]] = []

    async def letter(to: str, **words: str) -> bool:
        sent.append({"to": to, **words})
        return True

    parties = replace(guests.envelopes.parties, letter=letter)
    at, link = await _invited(ada, message="Go to http://evil.example", title="Look at www.evil.example")
    for signer in await guests.house.scheme.database.rows("select signer_id from envelopes_signers"):
        await parties.tell_turn(signer["signer_id"])
    invitation = next(each for each in sent if each["to"] == "bram@example.org")
    assert link in invitation["text"]
    assert "evil" not in invitation["text"]
    await bram.accept(link)
    page = await bram.post(f"{at}/decline", why="Wrong price")
    assert headings(page)[1] == "Somebody declined"
    assert "Wrong price" in (await ada.get(at)).text
    assert (await ada.post(f"{at}/sign")).status_code == 409
    await parties.tell_end(at.rpartition("/")[2])
    assert {each["to"] for each in sent} == {"ada@example.org", "bram@example.org"}

    # Nobody floods mailboxes through us: after forty letters the owner hands over links.
    signer = next(each for each in await guests.house.scheme.database.rows("select signer_id from envelopes_signers"))
    reopen = "update envelopes_envelopes set state = 'open' returning envelope_id"
    waiting = "update envelopes_signers set state = 'waiting' returning signer_id"
    await guests.house.scheme.database.rows(reopen)
    await guests.house.scheme.database.rows(waiting)
    for _ in range(50):
        await parties.tell_turn(signer["signer_id"], again=True)
    assert len(sent) <= 50

    at, link = await _invited(ada)
    assert headings(await ada.post(f"{at}/withdraw"))[1] == "Withdrawn"
    assert headings(await bram.get(link)) == ["There is nothing left to sign"]
    assert (await bram.post(f"{at}/withdraw")).status_code == 404


async def test_time_ends_it_and_later_deletes_it(guests: Guests) -> None:
    ada = await guests.guest("Ada")
    at, _ = await _invited(ada)
    guests.clock.ahead = 10 * 86_400 + 60
    await guests.envelopes.parties.expire()
    full = await guests.envelopes.reading.full(at.rpartition("/")[2], ada.phone.account_id)
    assert full.envelope.state == "expired"
    guests.clock.ahead = 21 * 86_400
    assert await guests.envelopes.parties.deleting.delete_due() == 1
    assert await guests.house.scheme.database.rows("select blob_id from envelopes_pieces") == []


async def test_who_is_gone_takes_their_envelopes_along(guests: Guests) -> None:
    ada, bram = await guests.guest("Ada"), await guests.guest("Bram")
    _, link = await _invited(ada)
    await bram.accept(link)
    database = guests.house.scheme.database
    await guests.envelopes.parties.deleting.forget_account(bram.phone.account_id)
    rows = await database.rows("select account_id from envelopes_signers order by place")
    assert [row["account_id"] for row in rows] == [ada.phone.account_id, None]
    await guests.envelopes.parties.deleting.forget_account(ada.phone.account_id)
    assert await database.rows("select envelope_id from envelopes_envelopes") == []
    assert await database.rows("select blob_id from envelopes_blobs") == []


async def test_what_nobody_should_sign_is_not_kept(guests: Guests) -> None:
    ada = await guests.guest("Ada")
    refused = [
        ({"a": b"<html>"}, "is not a PDF"),
        ({"a": b"%PDF-1.7 nothing"}, "is damaged"),
        ({"a": b"%PDF-" + bytes(1_000_001)}, "too large to send"),
        (dict.fromkeys("abcd", b"%PDF-"), "could not be read"),
    ]
    for files, says in refused:
        page = await ada.bring(**files)
        assert page.status_code in {400, 413, 422}
        assert says in page.text
    assert await guests.house.scheme.database.rows("select blob_id from envelopes_blobs") == []


async def test_forms_of_others_and_of_nobody_and_places(guests: Guests) -> None:
    ada, bram = await guests.guest("Ada"), await guests.guest("Bram")
    at = await ada.draft(lease=pdf())
    for path in (at, f"{at}/sign", f"{at}/withdraw", f"{at}/delete", f"{at}/decline"):
        assert (await bram.post(path)).status_code == 404
    for path in (f"{at}/all", f"{at}/record", f"{at}/record.json"):
        assert (await bram.get(path)).status_code == 404
    forged = await ada.browser.http.post(
        f"{at}/delete", data={"token": "x"}, headers={"Origin": "https://evil.example"}
    )
    assert forged.status_code == 403
    async with guests.house.browser() as nobody:
        page = await nobody.http.get(at)
        assert page.status_code == 401
        assert f'value="{at}?lang=en"' in page.text

    # Where the signature goes, and nowhere else.
    document = (await ada.get(at)).text.split('data-document="')[1].split('"')[0]
    here = f"{at}/documents/{document}"
    page = await ada.post(here, page="1", place="top-right")
    assert "Top right" in page.text
    box = {"left": "0.1", "top": "0.2", "width": "0.4", "height": "0.1"}
    assert "Where I drew it" in (await ada.post(here, page="1", place="drawn", **box)).text
    assert (await ada.post(here, page="2", place="top")).status_code == 422
    assert (await ada.post(here, page="1", place="drawn", left="nan")).status_code == 422
    picture = await ada.get(f"{here}/pages/1/200.png")
    assert picture.content.startswith(b"\x89PNG")
    assert (await ada.get(f"{here}/pages/1/12345.png")).status_code == 404
