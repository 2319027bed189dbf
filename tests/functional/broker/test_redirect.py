"""Sessions of the flow `redirect`: from the partner's call to the result, through a browser (T-10, T-11, R-20)."""

from __future__ import annotations

import asyncio
from typing import Any

from msgspec.structs import replace

from ipse.broker.model import SESSIONS
from ipse.kernel.ids import RandomIds, b64u, sha256
from ipse.partners.service import RequestLog
from ipse.people.model import BlockReason
from ipse.phones.model import StopReason
from tests.functional.broker.office import ADA, BASE, CALLBACK, CALLBACKS, Office

_COUNT = "select count(*) as many from actions_actions"
_DIED = "update broker_sessions set reading_at = $2 where session_id = $1 returning session_id"
_REQUEST = "select partner_id, request, browser_hash from actions_actions where handle = $1"


async def _actions(office: Office) -> int:
    row = await office.database.row(_COUNT)
    assert row is not None
    return int(row["many"])


async def test_a_session_from_its_creation_to_its_result(office: Office) -> None:
    session = await office.session(externalReference="order 7", requestedAttributes=["firstName", "nin", "address"])
    assert (session["status"], session["provider"], session["environment"]) == ("CREATED", "ipse", "sandbox")
    assert session["finalPartner"] == "museum"
    async with office.browser() as browser:
        handle = await office.open(session, browser)
        assert (await office.read(session)).json()["status"] == "WAITING_FOR_USER"
        subject = await office.approve(handle)
        assert (await office.read(session)).json()["status"] == "WAITING_FOR_USER"
        target = await office.finish(browser, handle)
    assert str(target).startswith(CALLBACKS["success"] + "?")
    assert set(target.params) == {"sessionId", "resultToken"}
    assert target.params["sessionId"] == session["id"]

    result = (await office.read(session, target.params["resultToken"])).json()
    assert (result["status"], result["loa"], result["externalReference"]) == ("SUCCESS", "substantial", "order 7")
    assert result["subject"] == {
        "id": subject,
        "firstName": "Ada",
        "nin": {"value": "88051700015", "issuingCountry": "BE", "type": "NATIONAL_NUMBER"},
        "address": {"formatted": "Kaai 1", "streetAddress": "Kaai 1", "postalCode": "9000", "locality": "Gent"},
        "attributes": {
            "address": ADA["address"],
            "given_name": "Ada",
            "http://itsme.services/v2/claim/BENationalNumber": "88051700015",
        },
    }


async def test_the_person_sees_the_final_partner_and_the_broker(sqlite_office: Office) -> None:
    """T-11."""
    session = await sqlite_office.session()
    async with sqlite_office.browser() as browser:
        handle = await sqlite_office.open(session, browser)
        page = (await browser.get(f"/v2/sign-in/{handle}")).text
    row = await sqlite_office.database.row(_REQUEST, handle)
    assert row is not None
    assert row["partner_id"] == "museum"
    assert '"partner_name":"Museum of Pots"' in row["request"]
    assert '"broker_name":"Desk Services"' in row["request"]
    assert "Museum of Pots" in page


async def test_without_the_value_of_the_browser_nobody_reads_the_result(office: Office) -> None:
    first, second = await office.session(), await office.session()
    async with office.browser() as browser, office.browser() as other:
        value, _ = await office.approved(first, browser)
        foreign, _ = await office.approved(second, other)
    seen = await office.read(first)
    assert seen.json()["status"] == "SUCCESS"
    assert not {"subject", "loa"} & seen.json().keys()
    for wrong in ("x" * 36, "", foreign[:-1], value[1:], "ü", "x" * 5000):
        headers = await office.bearer()
        answer = await office.api.get(f"{SESSIONS}/{first['id']}", params={"resultToken": wrong}, headers=headers)
        assert answer.status_code == (403 if wrong else 200)
        assert "Ada" not in answer.text
    assert (await office.read(first, value, caller="rival")).json()["code"] == "unknown_session"
    assert (await office.read(first, value)).json()["subject"]["firstName"] == "Ada"
    # Anew, for answers that were lost; and still not with another value.
    assert (await office.read(first, value)).json()["subject"]["firstName"] == "Ada"
    assert (await office.read(first, foreign)).json()["code"] == "wrong_result_token"


async def test_the_value_of_another_session_opens_nothing(office: Office) -> None:
    first, second = await office.session(), await office.session()
    async with office.browser() as browser, office.browser() as other:
        await office.approved(first, browser)
        foreign, _ = await office.approved(second, other)
    answer = await office.read(first, foreign)
    assert (answer.status_code, answer.json()["code"]) == (403, "wrong_result_token")


async def test_many_calls_read_one_result_at_once(office: Office) -> None:
    session = await office.session()
    async with office.browser() as browser:
        value, subject = await office.approved(session, browser)
    answers = await asyncio.gather(*(office.read(session, value) for _ in range(8)))
    assert [answer.status_code for answer in answers] == [200] * 8
    assert {answer.json()["subject"]["id"] for answer in answers} == {subject}


async def test_a_reading_that_died_is_taken_over(sqlite_office: Office) -> None:
    """A server killed while it collects a result holds nobody up for more than seconds."""
    session = await sqlite_office.session()
    async with sqlite_office.browser() as browser:
        value, subject = await sqlite_office.approved(session, browser)
    await sqlite_office.database.rows(_DIED, session["id"], sqlite_office.clock.now())
    busy = await sqlite_office.read(session, value)
    assert (busy.status_code, busy.json()["code"]) == (409, "result_busy")
    sqlite_office.clock.advance(seconds=11)
    assert (await sqlite_office.read(session, value)).json()["subject"]["id"] == subject


async def test_the_result_is_gone_after_its_time(office: Office) -> None:
    session = await office.session()
    async with office.browser() as browser:
        value, _ = await office.approved(session, browser)
    assert (await office.read(session, value)).status_code == 200
    office.clock.advance(seconds=599)
    assert (await office.read(session, value)).status_code == 200
    office.clock.advance(seconds=2)
    assert (await office.read(session, value)).json()["code"] == "result_gone"
    assert "subject" not in (await office.read(session)).json()


async def test_a_value_that_is_brought_too_late_reads_nothing(sqlite_office: Office) -> None:
    session = await sqlite_office.session()
    async with sqlite_office.browser() as browser:
        value, _ = await sqlite_office.approved(session, browser)
    sqlite_office.clock.advance(seconds=200)
    assert (await sqlite_office.read(session, value)).json()["code"] == "wrong_result_token"


async def test_a_block_takes_the_result_away(office: Office) -> None:
    """B-7: on the next read, before and after the first one."""
    for read_before in (False, True):
        session, person = await office.session(), await office.new_person()
        async with office.browser() as browser:
            handle = await office.open(session, browser)
            await office.approve(handle, person=person)
            value = (await office.finish(browser, handle)).params["resultToken"]
        if read_before:
            assert (await office.read(session, value)).json()["subject"]["firstName"] == "Ada"
        await office.scheme.messages.block(person, BlockReason.BY_PERSON, StopReason.BLOCKED, actor="test")
        answer = await office.read(session, value)
        assert "Ada" not in answer.text
        if read_before:
            assert answer.json()["status"] == "ERROR"
            assert answer.json()["error"]["code"] == "result_unavailable"
            assert (await office.read(session)).json()["status"] == "ERROR"
        else:
            assert answer.json()["code"] == "wrong_result_token"


async def test_a_stopped_final_partner_receives_nothing(sqlite_office: Office) -> None:
    session = await sqlite_office.session()
    async with sqlite_office.browser() as browser:
        value, _ = await sqlite_office.approved(session, browser)
    await sqlite_office.scheme.partners.set_state("museum", "stopped", actor="test")
    answer = await sqlite_office.read(session, value)
    assert (answer.status_code, answer.json()["code"]) == (403, "final_partner_not_registered")
    assert (await sqlite_office.create()).json()["code"] == "final_partner_not_registered"


async def test_the_subject_belongs_to_the_final_partner(office: Office) -> None:
    """T-11: one person is somebody else for each final partner, and the same for the same one."""
    person, subjects = await office.new_person(), []
    for service in ("MUSEUM_CARD", "MUSEUM_CARD", "LIBRARY_LOGIN", "DESK_LOGIN"):
        session = await office.session(service=service)
        async with office.browser() as browser:
            handle = await office.open(session, browser)
            await office.approve(handle, person=person)
            value = (await office.finish(browser, handle)).params["resultToken"]
        subjects.append((await office.read(session, value)).json()["subject"]["id"])
    assert subjects[0] == subjects[1]
    assert len(set(subjects)) == 3


REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({"callbackUrls": {**CALLBACKS, "success": CALLBACK + "/"}}, 422, "callback_not_registered"),
    ({"callbackUrls": {**CALLBACKS, "abort": CALLBACK.upper()}}, 422, "callback_not_registered"),
    ({"callbackUrls": {**CALLBACKS, "error": CALLBACKS["error"] + "&a=1"}}, 422, "callback_not_registered"),
    ({"callbackUrls": None}, 400, "invalid_request"),
    ({"finalPartner": "library"}, 403, "final_partner_not_registered"),
    ({"finalPartner": "rival"}, 403, "final_partner_not_registered"),
    ({"service": "RIVAL_LOGIN"}, 422, "unknown_service"),
    ({"service": "NOTHING_HERE"}, 422, "unknown_service"),
    ({"service": "DESK_PAY"}, 422, "unsupported_service"),
    ({"service": "DESK_LOGIN", "finalPartner": "museum"}, 403, "final_partner_not_registered"),
    ({"requestedAttributes": ["firstName", "phoneNumber"]}, 403, "attribute_not_in_contract"),
    ({"requestedAttributes": ["http://itsme.services/v2/claim/claim_citizenship"]}, 403, "attribute_not_in_contract"),
    ({"requestedAttributes": ["shoeSize"]}, 422, "unknown_attribute"),
    ({"requestedAttributes": []}, 422, "attributes_missing"),
    ({"subject": "a" * 36}, 400, "invalid_request"),
    ({"sessionLifetime": 59}, 400, "invalid_request"),
    ({"sessionLifetime": 601}, 400, "invalid_request"),
    ({"somethingElse": 1}, 400, "invalid_request"),
    ({"flow": "embedded"}, 400, "invalid_request"),
    ({"externalReference": "a\x00b"}, 400, "invalid_request"),
]


async def test_what_is_refused_is_refused_before_anybody_sees_it(office: Office) -> None:
    """T-10, T-11, R-20."""
    for members, status, code in REFUSED:
        answer = await office.create(**members)
        assert (answer.status_code, answer.json()["code"]) == (status, code), members
        assert answer.headers["content-type"] == "application/problem+json"
    assert await _actions(office) == 0


async def test_only_the_first_browser_has_the_session(office: Office) -> None:
    session = await office.session()
    async with office.browser() as browser, office.browser() as second:
        handle = await office.open(session, browser)
        refused = await second.get(session["authenticationUrl"])
        assert refused.status_code == 403
        assert handle not in refused.text
        again = await browser.get(session["authenticationUrl"])
        assert (again.status_code, again.headers["Location"]) == (303, f"/v2/sign-in/{handle}")
    assert await _actions(office) == 1
    assert "authenticationUrl" not in (await office.read(session)).json()


async def test_browsers_that_open_at_once_give_one_owner(office: Office) -> None:
    session = await office.session()
    browsers = [office.browser() for _ in range(6)]
    answers = await asyncio.gather(*(browser.get(session["authenticationUrl"]) for browser in browsers))
    for browser in browsers:
        await browser.aclose()
    assert sorted(answer.status_code for answer in answers) == [200, 403, 403, 403, 403, 403]


async def test_unknown_references_are_told_in_plain_words(sqlite_office: Office) -> None:
    for reference in ("x" * 43, "short", "ü" * 43):
        answer = await sqlite_office.api.get(f"/broker/v1/authenticate/{reference}")
        assert answer.status_code == 404
        assert "no longer exists" in answer.text


async def test_a_refusal_goes_to_the_abort_callback(sqlite_office: Office) -> None:
    session = await sqlite_office.session()
    async with sqlite_office.browser() as browser:
        handle = await sqlite_office.open(session, browser)
        await sqlite_office.reject(handle)
        target = await sqlite_office.finish(browser, handle)
    assert str(target) == f"{CALLBACKS['abort']}&sessionId={session['id']}"
    ended = (await sqlite_office.read(session)).json()
    assert (ended["status"], ended["error"]["code"]) == ("ABORT", "user_refused")


async def test_too_low_a_level_goes_to_the_error_callback(sqlite_office: Office) -> None:
    session = await sqlite_office.session(requestedLoa="high")
    async with sqlite_office.browser() as browser:
        handle = await sqlite_office.open(session, browser)
        await sqlite_office.reject(handle, "level")
        target = await sqlite_office.finish(browser, handle)
    assert target.params["end"] == "error"
    ended = (await sqlite_office.read(session)).json()
    assert (ended["status"], ended["error"]["code"]) == ("ERROR", "level_too_low")


async def test_time_that_runs_out_goes_to_the_error_callback(sqlite_office: Office) -> None:
    session = await sqlite_office.session()
    async with sqlite_office.browser() as browser:
        handle = await sqlite_office.open(session, browser)
        sqlite_office.clock.advance(seconds=181)
        target = await sqlite_office.finish(browser, handle)
    assert target.params["end"] == "error"
    ended = (await sqlite_office.read(session)).json()
    assert (ended["status"], ended["error"]["code"]) == ("ERROR", "user_timeout")


async def test_a_session_that_nobody_opens_expires(office: Office) -> None:
    session = await office.session(sessionLifetime=60)
    office.clock.advance(seconds=61)
    ended = (await office.read(session)).json()
    assert (ended["status"], ended["error"]["code"]) == ("ERROR", "session_expired")
    async with office.browser() as browser:
        late = await browser.get(session["authenticationUrl"])
    assert late.headers["Location"] == f"{CALLBACKS['error']}&sessionId={session['id']}"
    assert await _actions(office) == 0
    assert (await office.cancel(session)).json()["code"] == "session_ended"


async def test_a_cancelled_session_stays_cancelled(office: Office) -> None:
    opened, unopened = await office.session(), await office.session()
    async with office.browser() as browser:
        handle = await office.open(opened, browser)
        for session in (opened, unopened):
            for _ in range(2):
                cancelled = await office.cancel(session)
                assert (cancelled.status_code, cancelled.json()["status"]) == (200, "CANCELLED")
        assert await office.approve(handle) is None
        assert (await office.finish(browser, handle)).params["end"] == "abort"
        late = await browser.get(unopened["authenticationUrl"])
        assert late.headers["Location"].startswith(CALLBACKS["abort"])
    assert (await office.cancel(opened, caller="rival")).json()["code"] == "unknown_session"


async def test_a_cancel_and_an_approval_have_one_winner(office: Office) -> None:
    winners = set()
    for turn in range(12):
        session = await office.session()
        async with office.browser() as browser:
            handle = await office.open(session, browser)
            person = await office.new_person()

            async def approve(turn: int = turn, handle: str = handle, person: str = person) -> str | None:
                await asyncio.sleep(turn * 0.0007)
                return await office.approve(handle, person=person)

            cancelled, subject = await asyncio.gather(office.cancel(session), approve())
            if subject is None:
                assert cancelled.json()["status"] == "CANCELLED"
                assert (await office.read(session)).json()["status"] == "CANCELLED"
            else:
                assert (cancelled.status_code, cancelled.json()["code"]) == (409, "session_ended")
                value = (await office.finish(browser, handle)).params["resultToken"]
                assert (await office.read(session, value)).json()["subject"]["id"] == subject
            winners.add(subject is None)
    assert winners  # both happen; which one how often is the machine's business


async def test_a_person_who_cancels_is_no_partner_who_cancels(sqlite_office: Office) -> None:
    session = await sqlite_office.session()
    async with sqlite_office.browser() as browser:
        handle = await sqlite_office.open(session, browser)
        known = browser.cookies.get("ipse")
        assert known is not None
        token = b64u(sha256("ipse form token v1" + known))
        left = await browser.post(
            f"/v2/sign-in/{handle}/cancel",
            data={"token": token},
            headers={"Origin": BASE, "Sec-Fetch-Site": "same-origin"},
        )
    assert left.headers["Location"] == f"{CALLBACKS['abort']}&sessionId={session['id']}"
    ended = (await sqlite_office.read(session)).json()
    assert (ended["status"], ended["error"]["code"]) == ("ABORT", "user_cancelled")
    assert (await sqlite_office.cancel(session)).json()["code"] == "session_ended"


async def test_old_sessions_are_deleted(office: Office) -> None:
    jobs = dict(office.scheme.jobs)
    session = await office.session()
    office.clock.advance(seconds=180 + 86_399)
    assert await jobs["broker.delete_old"]() == 0
    office.clock.advance(seconds=2)
    assert await jobs["broker.delete_old"]() == 1
    assert (await office.read(session)).json()["code"] == "unknown_session"


async def test_the_partner_reads_in_its_log_which_check_refused(sqlite_office: Office) -> None:
    await sqlite_office.create(requestedAttributes=["phoneNumber"])
    await sqlite_office.scheme.close()
    lines = await RequestLog(sqlite_office.database, sqlite_office.clock, RandomIds()).lines("desk")
    assert [(line.check, line.error, line.service_code) for line in lines] == [
        ("check_attributes", "attribute_not_in_contract", "MUSEUM_CARD")
    ]


async def test_a_session_that_lost_its_right_begins_nothing(sqlite_office: Office) -> None:
    """T-10: what was asked within the contract is asked of nobody once the contract or the service has ended."""
    office, partners = sqlite_office, sqlite_office.scheme.partners
    service = await partners.registered("MUSEUM_CARD")
    assert service is not None
    narrower = {name: demand for name, demand in service.contract.items() if name != "family_name"}
    for change in ({"contract": narrower}, {"state": "stopped"}):
        session = await office.session()
        before = await _actions(office)
        await partners.register_service(replace(service, **change), actor="test")
        async with office.browser() as browser:
            page = await browser.get(session["authenticationUrl"])
        assert page.status_code == 404
        assert await _actions(office) == before
        await partners.register_service(service, actor="test")


async def test_looking_whether_the_address_is_there_does_not_take_it(sqlite_office: Office) -> None:
    """Programs that look at links ask with HEAD: the session stays for the first browser that opens it."""
    session = await sqlite_office.session()
    before = await _actions(sqlite_office)
    looked = await sqlite_office.api.head(session["authenticationUrl"])
    assert (looked.status_code, "set-cookie" in looked.headers) == (405, False)
    assert await _actions(sqlite_office) == before
    async with sqlite_office.browser() as browser:
        await sqlite_office.open(session, browser)
