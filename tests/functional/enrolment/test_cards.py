"""Enrolment with an eID card: card and PIN over real HTTP, against the sandbox's chip, authorities and responder."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec
import pytest

from ipse.attributes.model import complete
from ipse.attributes.service import Attributes
from ipse.enrolment.rules import screens
from ipse.kernel.clock import SECOND
from ipse.sandbox.eid.responder import Mood
from ipse.softphone.errors import Refused
from tests.functional.enrolment.holder import CARD, Holder, as_json, ended, ready
from tests.functional.enrolment.party import Browser, Phone

if TYPE_CHECKING:
    from tests.functional.enrolment.party import Stage


ONE_ENGINE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
"""For what no database decides: it need not be tried on both."""


async def test_a_person_enrols_with_card_and_pin(stage: Stage) -> None:
    """The facts of the card, evidence that is complete (B-1), and the level of chip, PIN and revocation check."""
    holder = await ready(stage)
    returned = await holder.phone.bring(await holder.present_card())
    received = {one["name"]: one["value"] for one in returned["received"]}
    assert received["family_name"] == "Peeters" or received["family_name"]
    assert received["birthdate"] == "1988-05-17"
    assert received["BENationalNumber"]
    assert received["IDDocumentType"] == "I"
    assert received["picture"]["format"] == "image/jpeg"
    assert returned["number_verified"] is False
    assert returned["registrar"] == {"id": CARD, "name": "eID"}
    done = await holder.phone.activate()
    account = await stage.scheme.database.row("select account_id, level from people_accounts")
    assert account is not None
    assert account["level"] == "high"
    known = Attributes(stage.scheme.database, stage.scheme.people.person_key, stage.clock)
    evidence = await known.evidence(account["account_id"])
    assert [complete(one) for one in evidence] == [True]
    assert evidence[0].route == "eid_card"
    kept = msgspec.json.decode(evidence[0].original)
    kinds = [each["type"] for each in kept["verified_claims"]["verification"]["evidence"]]
    assert kinds == ["document", "electronic_signature"]
    assert kept["files"]["photo"]
    assert as_json(kept["token"])["format"] == "web-eid:1.0"
    assert done["account"]["state"] == "pending"
    assert done["account"]["why"] == "number_not_verified"


@ONE_ENGINE
async def test_a_token_of_format_1_1_and_an_older_rsa_card_enrol_too(stage: Stage) -> None:
    holder = await ready(stage)
    answer = await holder.hand_in(await holder.token(format="web-eid:1.1"), await holder.files())
    assert answer.status_code == 200, answer.text
    older = await ready(stage, "gerda", "+32 400000117")
    assert as_json(await older.token())["algorithm"] == "RS256"
    assert await older.present_card()


@ONE_ENGINE
@pytest.mark.parametrize(("person", "number"), [("sukma", "+32 400000105"), ("imani", "+32 400000114")])
async def test_foreigners_enrol_with_their_cards(stage: Stage, person: str, number: str) -> None:
    holder = await ready(stage, person, number)
    returned = await holder.phone.bring(await holder.present_card())
    received = {one["name"]: one["value"] for one in returned["received"]}
    assert received["claim_citizenship"]


@ONE_ENGINE
async def test_a_birth_year_alone_stays_a_year(stage: Stage) -> None:
    holder = await ready(stage, "abdoul", "+32 400000116")
    returned = await holder.phone.bring(await holder.present_card())
    received = {one["name"]: one["value"] for one in returned["received"]}
    assert "birthdate" not in received
    assert "1961" in received["birthdate_as_string"]


@ONE_ENGINE
@pytest.mark.parametrize(
    ("person", "number", "why"),
    [
        ("lotte", "+32 400000112", "minors_elsewhere"),
        ("noor", "+32 400000103", "minors_elsewhere"),
        ("finn", "+32 400000113", "under_age"),
    ],
)
async def test_minors_are_refused_and_told_where_to_go(stage: Stage, person: str, number: str, why: str) -> None:
    holder = await ready(stage, person, number)
    answer = await holder.hand_in(await holder.token(), await holder.files())
    assert answer.status_code == 410
    assert answer.json()["refused"] == why
    assert urlsplit(answer.json()["to"]).fragment == f"ended={why}"
    assert await ended(stage) == [why]


async def test_the_same_person_by_bank_and_by_card_is_one(stage: Stage) -> None:
    """By the national number, through whichever registrar."""
    await stage.activated("ada", "bank-vesta", "+32 400000101")
    stage.clock.value += SECOND
    holder = await ready(stage)
    await holder.phone.bring(await holder.present_card())
    done = await holder.phone.activate()
    assert done["moved"] is True
    assert await stage.count("select count(*) as n from people_accounts") == 1


async def test_a_nonce_counts_once(stage: Stage) -> None:
    holder = await ready(stage)
    token, files, nonce = await holder.token(), await holder.files(), holder.asked["nonce"]
    await holder.mood("down")
    first = await holder.hand_in(token, files)
    assert first.json() == {"refused": "try_later"}
    await holder.mood("well")
    second = await holder.hand_in(token, files, nonce=nonce)
    assert second.status_code == 422
    assert second.json() == {"refused": "again"}


@ONE_ENGINE
async def test_a_responder_that_is_down_loses_nothing(stage: Stage) -> None:
    """Told to try later; a moment later the same page goes through, with a question of its own."""
    holder = await ready(stage)
    await holder.mood("down")
    refused = await holder.hand_in(await holder.token(), await holder.files())
    assert (refused.status_code, refused.json()) == (422, {"refused": "try_later"})
    assert await ended(stage) == []
    await holder.mood("well")
    before = holder.asked["nonce"]
    await holder.again()
    assert holder.asked["nonce"] != before
    await holder.phone.bring(await holder.present_card())


@ONE_ENGINE
async def test_whatever_a_responder_says_but_good_lets_nobody_in(stage: Stage) -> None:
    """Each mood of the simulated responder; none of them costs the person more than another try."""
    holder = await ready(stage)
    for mood in sorted(set(Mood) - {Mood.WELL, Mood.SLOW}):
        await holder.mood(mood)
        answer = await holder.hand_in(await holder.token(), await holder.files())
        assert answer.json() == {"refused": "revoked" if mood is Mood.REVOKED else "try_later"}, mood
        await holder.again()
    await holder.mood(Mood.WELL)
    assert await holder.present_card()


async def test_a_nonce_is_good_for_five_minutes(stage: Stage) -> None:
    holder = await ready(stage)
    token, files = await holder.token(), await holder.files()
    stage.clock.value += 301 * SECOND
    assert (await holder.hand_in(token, files)).json() == {"refused": "again"}
    await holder.again()
    assert await holder.present_card()


@ONE_ENGINE
async def test_a_nonce_of_another_page_is_none(stage: Stage) -> None:
    """Somebody's token for their own enrolment opens nobody else's."""
    victim, attacker = await ready(stage), await ready(stage, "wout", "+32 400000111")
    token, files = await victim.token(), await victim.files()
    stolen = await attacker.hand_in(token, files, nonce=victim.asked["nonce"])
    assert stolen.json() == {"refused": "again"}
    under_own = await attacker.hand_in(token, files)
    assert under_own.json() == {"refused": "not_accepted"}


async def test_another_browser_ends_the_enrolment(stage: Stage) -> None:
    holder = await ready(stage)
    token, files = await holder.token(), await holder.files()
    other = Browser(stage)
    answer = await holder.hand_in(token, files, by=other)
    assert answer.status_code == 403
    assert answer.json()["refused"] == "stopped"
    assert await ended(stage) == ["foreign_return"]
    assert (await holder.hand_in(token, files)).json()["refused"] == "foreign_return"


@ONE_ENGINE
async def test_a_page_opened_in_another_browser_ends_the_enrolment(stage: Stage) -> None:
    holder = await ready(stage)
    assert (await Browser(stage).open(holder.address)).status_code == 403
    assert await ended(stage) == ["foreign_return"]


@ONE_ENGINE
async def test_a_signature_for_another_origin_is_refused(stage: Stage) -> None:
    """Signed at a phishing site, or without the port: our own origin counts, not one that came along."""
    holder = await ready(stage)
    for origin in ("https://ipse.example", f"{stage.base}/", "http://localhost"):
        answer = await holder.hand_in(await holder.token(origin=origin), await holder.files())
        assert answer.json() == {"refused": "not_accepted"}, origin
        await holder.again()
    assert await ended(stage) == []


@ONE_ENGINE
async def test_web_eid_alone_is_refused_with_an_explanation(stage: Stage) -> None:
    holder = await ready(stage)
    assert (await holder.hand_in(await holder.token(), None)).json() == {"refused": "no_files"}
    page = await holder.again()
    assert "without address, birth date and photo" in page.text or "zonder adres, geboortedatum en foto" in page.text


@ONE_ENGINE
async def test_files_of_another_card_are_refused(stage: Stage) -> None:
    """A finder's PIN and a victim's copied files are two persons."""
    holder = await ready(stage)
    answer = await holder.hand_in(await holder.token(), await holder.files("wout"))
    assert answer.json() == {"refused": "two_cards"}


@ONE_ENGINE
async def test_files_that_answered_another_challenge_are_a_copy(stage: Stage) -> None:
    holder = await ready(stage)
    before = await holder.files()
    await holder.again()
    answer = await holder.hand_in(await holder.token(), before)
    assert answer.json() == {"refused": "files_refused"}


@ONE_ENGINE
async def test_a_revoked_card_is_refused(stage: Stage) -> None:
    holder = await ready(stage)
    await holder.browser.http.post(f"{holder.slot}/revoke", json={"person": "ada"})
    assert (await holder.hand_in(await holder.token(), await holder.files())).json() == {"refused": "revoked"}


async def test_two_answers_at_once_give_one_identity(stage: Stage) -> None:
    """T-14: of several posts with one nonce one counts; the others are told where it went."""
    holder = await ready(stage)
    token, files = await holder.token(), await holder.files()
    answers = await asyncio.gather(*(holder.hand_in(token, files) for _ in range(6)))
    values = {
        answer.json()["to"] for answer in answers if answer.status_code == 200 and "#return=" in str(answer.json())
    }
    assert len(values) == 1
    # Loaded again, the page leads to the same value until the phone has presented it.
    repeated = await holder.browser.open(holder.address)
    assert {repeated.headers["location"]} == values


@ONE_ENGINE
async def test_what_is_no_json_or_too_much_is_refused(stage: Stage) -> None:
    holder = await ready(stage)
    for body in (b"[]", b"{", b'{"nonce": 1, "token": "x"}', b'{"nonce": "' + b"x" * 200_000 + b'"}'):
        answer = await holder.browser.http.post(holder.address, content=body, headers={"Origin": stage.base})
        assert answer.status_code == 400, body[:40]


@ONE_ENGINE
async def test_another_site_cannot_hand_in(stage: Stage) -> None:
    holder = await ready(stage)
    body = {"nonce": holder.asked["nonce"], "token": await holder.token(), "files": await holder.files()}
    answer = await holder.browser.http.post(holder.address, json=body, headers={"Origin": "https://elsewhere.example"})
    assert answer.status_code == 403


@ONE_ENGINE
async def test_a_banks_return_opens_no_card_enrolment(stage: Stage) -> None:
    holder = await ready(stage)
    handle = holder.address.rpartition("/")[2]
    await holder.browser.open(f"{stage.base}/enrolment/return?state={handle}&iss=&code=x")
    assert await ended(stage) == ["registrar_error"]


@ONE_ENGINE
async def test_the_page_speaks_four_languages(stage: Stage) -> None:
    holder = await ready(stage)
    titles = set()
    for language in ("nl", "fr", "de", "en"):
        page = await holder.browser.open(f"{holder.address}?lang={language}")
        assert page.headers["content-language"] == language
        titles.add(page.text.split("<h1>")[1].split("</h1>")[0])
        assert f"connect-src 'self' http://127.0.0.1:{stage.port + 1}" in page.headers["content-security-policy"]
    assert len(titles) == 4


# -- at another computer


async def test_the_card_is_read_at_another_computer_and_comes_back_by_a_moving_code(stage: Stage) -> None:
    """DESIGN 5: the answer counts in the browser that began there, and the same phone presents what its page shows."""
    holder = await shown_elsewhere(stage)
    assert holder.asked["state"] == "showing"
    frame = moving(holder, stage)
    assert "#return=" not in str(holder.asked)
    await holder.phone.bring(frame)
    done = await holder.phone.activate()
    assert done["account"]["why"] == "number_not_verified"
    state = await holder.browser.open(holder.address + "/state")
    assert state.json() == {"state": "presented"}


@ONE_ENGINE
async def test_a_picture_of_the_moving_code_is_worthless_a_moment_later(stage: Stage) -> None:
    """T-7: what was photographed and sent on counts for five seconds; the next picture still counts."""
    holder = await shown_elsewhere(stage)
    frame = moving(holder, stage)
    stage.clock.value += 9 * SECOND
    with pytest.raises(Refused) as refused:
        await holder.phone.bring(frame)
    assert refused.value.code == "stale_return"
    await holder.phone.bring(moving(holder, stage, elapsed=9))


async def test_a_moving_code_read_by_another_phone_ends_the_enrolment(stage: Stage) -> None:
    holder = await shown_elsewhere(stage)
    thief = Phone(stage, "wout", CARD, "+32 400000111")
    await thief.enrol()
    with pytest.raises(Refused) as refused:
        await thief.bring(moving(holder, stage))
    assert refused.value.code == "enrolment_ended"
    assert await ended(stage) == ["foreign_return"]


@ONE_ENGINE
async def test_a_frame_made_up_is_no_value(stage: Stage) -> None:
    holder = await shown_elsewhere(stage)
    forged = screens.build_frame(screens.secret("x" * 43), holder.asked["enrolment"], 0)
    with pytest.raises(Refused):
        await holder.phone.bring(forged)
    await holder.phone.bring(moving(holder, stage))


async def test_a_short_code_works_once_and_for_ten_minutes(stage: Stage) -> None:
    holder = Holder(stage, "ada", "+32 400000101")
    await holder.begin_elsewhere()
    with pytest.raises(AssertionError, match="code-problem"):
        await again_elsewhere(holder)
    late = Holder(stage, "wout", "+32 400000111")
    await late.phone.enrol()
    stage.clock.value += 601 * SECOND
    with pytest.raises(AssertionError):
        await again_elsewhere(late)


@ONE_ENGINE
async def test_the_start_address_and_the_short_code_are_one_beginning(stage: Stage) -> None:
    """Whoever opened one cannot be joined by somebody who was told the other."""
    holder = await ready(stage)
    with pytest.raises(AssertionError):
        await again_elsewhere(holder)


@ONE_ENGINE
async def test_the_other_computer_warns_whoever_was_led_there(stage: Stage) -> None:
    holder = Holder(stage, "ada", "+32 400000101")
    page = await holder.begin_elsewhere()
    assert 'id="elsewhere"' in page.text
    assert "01" in page.text.split('id="elsewhere"')[1].split("</p>")[0]


async def shown_elsewhere(stage: Stage) -> Holder:
    """A person whose card was taken at another computer, whose page now shows the moving code."""
    holder = Holder(stage, "ada", "+32 400000101")
    await holder.begin_elsewhere()
    answer = await holder.hand_in(await holder.token(), await holder.files())
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"to": urlsplit(holder.address).path}
    await holder.again()
    return holder


async def again_elsewhere(holder: Holder) -> None:
    """Type the code of an enrolment that has begun."""
    other = Holder(holder.stage, holder.person, holder.number)
    await other.type_code(holder.phone.begun["card"]["code"])


def moving(holder: Holder, stage: Stage, *, elapsed: int = 0) -> str:
    """What the page's script makes of its secret now."""
    return screens.build_frame(holder.asked["secret"], holder.asked["enrolment"], elapsed)
