"""Sessions of the flow `headless`: presence by scan or typed digits, and results for the one who began."""

from __future__ import annotations

import asyncio
import struct
from base64 import b64decode

from tests.functional.broker.office import Office

_ADDRESSED = "select account_id, request, state from actions_actions where handle = $1"


async def test_a_scan_brings_the_result_to_whoever_began(office: Office) -> None:
    session = await office.headless(requestedAttributes=["lastName", "placeOfBirth"])
    assert session["status"] == "WAITING_FOR_USER"
    assert not {"authenticationUrl", "subject"} & session.keys()
    assert len(session["digits"]) == 2
    subject = await office.approve(await office.handle(session))
    result = (await office.read(session)).json()
    assert result["status"] == "SUCCESS"
    assert result["subject"]["id"] == subject
    assert (result["subject"]["lastName"], result["subject"]["placeOfBirth"]["city"]) == ("Lievens", "Gent")
    # Again, and by nobody else.
    assert (await office.read(session)).json()["subject"] == result["subject"]
    assert (await office.read(session, caller="rival")).status_code == 404
    office.clock.advance(seconds=601)
    assert "subject" not in (await office.read(session)).json()


async def test_every_look_draws_the_qr_of_its_moment(sqlite_office: Office) -> None:
    session = await sqlite_office.headless()
    pictures = [session["qr"]]
    for _ in range(2):
        sqlite_office.clock.advance(seconds=3)
        pictures.append((await sqlite_office.read(session)).json()["qr"])
    assert len(set(pictures)) == 3
    for picture in pictures:
        kind, _, content = picture.partition(",")
        assert kind == "data:image/png;base64"
        octets = b64decode(content)
        assert octets.startswith(b"\x89PNG")
        width, height = struct.unpack(">II", octets[16:24])
        assert width == height > 150


async def test_a_known_person_is_asked_and_types_the_digits(office: Office) -> None:
    person = await office.new_person()
    subject = await office.scheme.people.subject(person, "museum")
    session = await office.headless(subject=subject)
    assert "qr" not in session
    assert len(session["digits"]) == 2
    row = await office.database.row(_ADDRESSED, await office.handle(session))
    assert row is not None
    assert row["account_id"] == person
    assert '"match":true' in row["request"]
    assert subject not in row["request"]


async def test_nobody_learns_whether_a_subject_is_known(office: Office) -> None:
    """T-11: another final partner's subject reaches nobody, and looks the same."""
    person = await office.new_person()
    known = await office.scheme.people.subject(person, "museum")
    elsewhere = await office.scheme.people.subject(person, "library")
    sessions = []
    for subject in (known, elsewhere, "z" * 36, known):
        session = await office.headless(subject=subject)
        sessions.append(session)
        row = await office.database.row(_ADDRESSED, await office.handle(session))
        assert row is not None
        # The fourth is one too many for this person at once: it waits, and nobody is told.
        assert row["account_id"] == (person if len(sessions) == 1 else None)
    assert len({frozenset(session) for session in sessions}) == 1
    assert {session["status"] for session in sessions} == {"WAITING_FOR_USER"}
    office.clock.advance(seconds=181)
    for session in sessions:
        ended = (await office.read(session)).json()
        assert (ended["status"], ended["error"]["code"]) == ("ERROR", "user_timeout")


async def test_its_lifetime_is_the_time_to_decide(office: Office) -> None:
    session = await office.headless(sessionLifetime=600)
    office.clock.advance(seconds=590)
    assert (await office.read(session)).json()["status"] == "WAITING_FOR_USER"
    office.clock.advance(seconds=11)
    assert (await office.read(session)).json()["status"] == "ERROR"
    # Requests that nobody took are deleted after an hour; the session still says how it ended.
    office.clock.advance(seconds=7300)
    await dict(office.scheme.jobs)["actions.expire"]()
    ended = (await office.read(session)).json()
    assert (ended["status"], ended["error"]["code"]) == ("ERROR", "user_timeout")


async def test_what_was_approved_and_never_read_expires(sqlite_office: Office) -> None:
    session = await sqlite_office.headless()
    await sqlite_office.approve(await sqlite_office.handle(session))
    sqlite_office.clock.advance(seconds=181)
    ended = (await sqlite_office.read(session)).json()
    assert (ended["status"], ended["error"]["code"]) == ("ERROR", "user_timeout")


async def test_many_calls_read_one_result_at_once(office: Office) -> None:
    session = await office.headless()
    await office.approve(await office.handle(session))
    answers = await asyncio.gather(*(office.read(session) for _ in range(8)))
    assert [answer.json()["status"] for answer in answers] == ["SUCCESS"] * 8
    assert len({answer.json()["subject"]["id"] for answer in answers}) == 1


async def test_a_cancel_and_an_approval_have_one_winner(office: Office) -> None:
    for turn in range(8):
        session, person = await office.headless(), await office.new_person()
        handle = await office.handle(session)

        async def approve(turn: int = turn, handle: str = handle, person: str = person) -> str | None:
            await asyncio.sleep(turn * 0.0007)
            return await office.approve(handle, person=person)

        cancelled, subject = await asyncio.gather(office.cancel(session), approve())
        ended = (await office.read(session)).json()
        assert (cancelled.status_code, ended["status"]) == ((200, "CANCELLED") if subject is None else (409, "SUCCESS"))


async def test_a_page_of_ours_shows_nothing_of_it(sqlite_office: Office) -> None:
    """No browser takes part: who guesses the handle, with or without a cookie, is a stranger."""
    handle = await sqlite_office.handle(await sqlite_office.headless())
    async with sqlite_office.browser() as browser:
        assert (await browser.get(f"/v2/sign-in/{handle}")).status_code == 403
        assert (await browser.get(f"/v2/sign-in/{handle}/finish")).status_code == 403


async def test_it_has_no_callbacks(sqlite_office: Office) -> None:
    answer = await sqlite_office.create(flow="headless")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
