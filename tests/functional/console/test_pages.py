"""Who sees what: roles apart, people's data behind a proof, institutions by themselves, and nobody as somebody else."""

from __future__ import annotations

import pytest

from ipse.app.incidents import open_incidents, open_refusals
from ipse.audit.service import Audit, auditing
from ipse.console import rules
from ipse.console.model import CODE_TRIES, What
from ipse.people.model import BlockReason
from ipse.phones.model import StopReason
from ipse.staff import Organisation, Role
from ipse.staff.model import OF_SCHEME
from ipse.web.problems import Refused
from tests.functional.console.room import ORIGIN, Room, Seat, bank, operator
from tests.functional.oidc.handsets import Handset

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
PAGES = {
    "/console": What.READ_REVIEWS,
    "/console/reviews": What.READ_REVIEWS,
    "/console/roles": What.READ_REVIEWS,
    "/console/people": What.FIND_PERSON,
    "/console/incidents": What.READ_INCIDENTS,
    "/console/figures": What.READ_FIGURES,
    "/console/find": What.READ_PARTNERS,
    "/console/switches": What.READ_SWITCHES,
    "/console/partners": What.READ_PARTNERS,
    "/console/institutions": What.READ_SWITCHES,
    "/console/log": What.READ_LOG,
    "/console/staff": What.READ_STAFF,
}


@pytest.mark.parametrize("role", sorted(OF_SCHEME))
async def test_each_role_sees_its_own_pages(room: Room, role: Role) -> None:
    seat = await room.member(role)
    home = (await seat.get("/console?lang=en")).text
    for address, what in PAGES.items():
        allowed = role in rules.PERMISSIONS[what]
        assert (await seat.get(address)).status_code == (200 if allowed else 403), address
        assert (f'href="{address}?lang=en"' in home) == allowed, address
    assert (await seat.get("/console/own")).status_code == 403


async def test_strangers_are_sent_to_sign_in_and_forms_need_their_token(room: Room) -> None:
    seat = await room.member("security")
    seat.http.cookies.clear()
    answer = await seat.get("/console/switches")
    assert (answer.status_code, answer.headers["location"]) == (303, "/staff/sign-in?onward=/console/switches")
    await seat.sign_in()
    forged = {"kind": "signatures", "name": "every", "do": "off", "reason": "case 1", "token": "x"}
    refused = await seat.http.post("/console/switches", data=forged, headers={"Origin": ORIGIN})
    elsewhere = await seat.http.post("/console/switches", data=forged, headers={"Origin": "http://evil.example"})
    assert (refused.status_code, elsewhere.status_code) == (403, 403)
    assert not await room.parts.reviews.waiting()


async def test_nobody_acts_as_a_person(room: Room) -> None:
    """No address and no act of that kind, and nothing on the staff's origin makes a person's session."""
    addresses = {route.path for route in room.parts.routes()}
    words = ("login-as", "log-in-as", "impersonate", "assume", "/session")
    assert not [address for address in addresses for word in words if word in address]
    assert not [kind for kind in room.parts.reviews.acts if "login" in kind or "session" in kind]
    assert not any("as_person" in what or "login" in what for what in What)


async def called(room: Room, seat: Seat, person: Handset, *, how: str) -> str:
    """A member finds a person by number and asks for proof; the address of their page."""
    found = await seat.send("/console/people", who=person.state.phone_number)
    place = found.url.path
    assert place == f"/console/people/{person.account_id}"
    assert (await seat.send(place, do=how)).status_code == 200
    return place


async def test_support_sees_what_happened_after_proof_in_the_app_and_never_a_value(room: Room) -> None:
    person, sam, tim = await room.person(), await room.member("support"), await room.member("support")
    place = await called(room, sam, person, how="ask_app")
    before = (await sam.get(f"{place}?lang=en")).text
    assert "What happened" not in before
    assert "Lovelace" not in before
    digits = await sam.digits(person.account_id)
    (asked,) = (await person.home())["open"]
    request = await person.claim_start({"action": asked["action"], "digits": digits})
    await person.approve(request)
    assert (await sam.get(f"{place}/call")).json() == {"state": "proven"}
    shown = (await sam.get(f"{place}?lang=en")).text
    assert "What happened" in shown
    assert "Help desk" in shown, "the request itself is in the person's history, too"
    for secret in ("Lovelace", "Ada", person.state.phone_number, "1990"):
        assert secret not in shown
    assert "What happened" not in (await tim.get(f"{place}?lang=en")).text, "proven to one member alone"


async def test_a_refused_or_duress_approval_proves_nothing(room: Room) -> None:
    person, sam = await room.person(), await room.member("support")
    await person.set_duress()
    place = await called(room, sam, person, how="ask_app")
    digits = await sam.digits(person.account_id)
    (asked,) = (await person.home())["open"]
    request = await person.claim_start({"action": asked["action"], "digits": digits})
    await person.approve(request, "86420")
    page = (await sam.get(f"{place}?lang=en")).text
    assert "What happened" not in page
    assert "duress" not in page, "whoever forces a person may be listening"
    assert "blocked because" in page.lower()
    security = await room.member("security")
    assert "duress" in (await security.get(f"{place}?lang=en")).text


async def test_a_code_by_message_proves_with_three_tries_and_shows_no_requests(room: Room) -> None:
    person, sam = await room.person(), await room.member("support")
    said: list[str] = []

    async def say(_account_id: str, write_in: object) -> frozenset[str]:
        said.append(write_in("en")[1])  # type: ignore[operator]
        return frozenset({"sms"})

    object.__setattr__(room.features.delivery, "say", say)
    place = await called(room, sam, person, how="ask_message")
    code = "".join(letter for letter in said[-1].split(": ")[2] if letter.isdigit())
    assert len(code) == 6
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    assert (await sam.send(place, do="code", code=wrong)).status_code == 409
    assert (await sam.send(place, do="code", code=code)).status_code == 200
    shown = (await sam.get(f"{place}?lang=en")).text
    assert "only after proof in the app" in shown
    other = await room.person()
    place = await called(room, sam, other, how="ask_message")
    code = "".join(letter for letter in said[-1].split(": ")[2] if letter.isdigit())
    for _ in range(CODE_TRIES):
        assert (await sam.send(place, do="code", code="000000" if code != "000000" else "1")).status_code == 409
    assert (await sam.send(place, do="code", code=code)).status_code == 409, "the right one comes too late"


async def test_nobody_is_asked_for_proofs_again_and_again(room: Room) -> None:
    person, sam, tim = await room.person(), await room.member("support"), await room.member("support")
    place = await called(room, sam, person, how="ask_app")
    for seat in (tim, sam):
        assert (await seat.send(place, do="ask_app")).status_code == 200
    for seat in (tim, sam):
        refused = await seat.send(place, do="ask_message")
        assert (refused.status_code, "wait an hour" in refused.text) == (409, True)


async def test_looking_for_people_is_written_down_and_finds_by_number_or_id(room: Room) -> None:
    person, sam = await room.person(), await room.member("support")
    for typed in (person.state.phone_number, person.state.phone_number.replace("+", "00"), person.account_id):
        assert (await sam.send("/console/people", who=typed)).url.path.endswith(person.account_id)
    assert (await sam.send("/console/people", who="+32 400000999")).status_code == 404
    assert (await sam.send("/console/people", who="Lovelace")).status_code == 404
    lines = [line async for line in Audit(room.features.people.database).lines() if line.act == "support.find"]
    assert [line.subject for line in lines] == [person.account_id] * 3 + ["nobody"] * 2
    assert {line.actor for line in lines} == {f"staff:{sam.member_id}"}


async def test_a_bank_and_a_mobile_operator_see_their_own_and_nobody_elses(room: Room) -> None:
    features = room.features
    await features.registrars.add(bank(), actor="operator:root")
    await features.sims.operators.add(operator(), actor="operator:root")
    features.sims.answers.heard("lumo", "answered", 120_000)
    features.sims.answers.heard("lumo", "down", 5_000_000)
    features.sims.answers.heard("tellus", "answered", 1_000)
    manager = await room.member("manager", organisation=Organisation.REGISTRAR, of="bank-lys")
    watcher = await room.member("member", organisation=Organisation.MOBILE_OPERATOR, of="lumo")
    assert "Bank Lys" in (await manager.get("/console/own?lang=en")).text
    page = (await watcher.get("/console/own?lang=en")).text
    assert ("Lumo Mobile" in page, "5,000 ms" in page, "50%" in page) == (True, True, True)
    for seat in (manager, watcher):
        for address in (*PAGES, "/console/institutions/bank/bank-lys"):
            assert (await seat.get(address)).status_code == 403, address
    assert (await watcher.get("/console/own/staff")).status_code == 403, "members look, managers invite"
    invited = await manager.send(
        "/console/own/staff",
        page="/console/own/staff",
        do="invite",
        name="Kim",
        email="kim@bank.example",
        role__member="1",
    )
    assert "/staff/join/" in invited.text
    kim = next(
        each
        for each in await room.parts.staff.members(Organisation.REGISTRAR, "bank-lys")
        if each.email == "kim@bank.example"
    )
    assert kim.roles == {"member"}
    other = await manager.send("/console/own/staff", page="/console/own/staff", do=f"remove:{watcher.member_id}")
    assert other.status_code == 404, "somebody else's member"


async def test_the_log_is_filtered_proven_and_exported(room: Room) -> None:
    auditor = await room.member("auditor")
    database = room.features.people.database
    await database.transact(lambda: auditing(1_790_000_000_000_000, actor="system", act="keys.rotate", subject="sig"))
    page = (await auditor.get("/console/log?lang=en&act=keys.")).text
    assert "keys.rotate" in page
    assert "staff.join" not in page
    assert "Every line fits the chain" in (await auditor.send("/console/log/proof")).text
    exported = await auditor.send("/console/log/export", period="2026-09-21..2026-09-22")
    assert exported.headers["content-disposition"].startswith("attachment")
    first, line = exported.text.splitlines()
    assert '"verified":true' in first
    assert '"act":"keys.rotate"' in line
    assert (await auditor.send("/console/log/export", period="last week")).status_code == 422
    security = await room.member("security")
    assert (await security.send("/console/log/export", period="2026")).status_code == 403
    await database.rows("delete from audit_lines where act = 'keys.rotate'")
    assert "is missing" in (await auditor.send("/console/log/proof")).text


async def test_what_a_bank_vouched_for_is_listed_for_security(room: Room) -> None:
    """T-12: identities born from a bank since a day; others see the counts alone."""
    await room.features.registrars.add(bank("test"), actor="operator:root")
    person = await room.person()
    security, sam = await room.member("security"), await room.member("support")
    address = "/console/institutions/bank/test?lang=en&since=2026-01-01"
    assert person.account_id in (await security.get(address)).text
    assert "Identities: 1" in (await security.get(address)).text
    assert person.account_id not in (await sam.get(address)).text


async def test_a_phone_that_was_copied_is_told_in_words(room: Room) -> None:
    person, sam = await room.person(), await room.member("support")
    messages = room.features.messages
    await messages.block(person.account_id, BlockReason.PHONE_COPIED, StopReason.COPIED, actor="system")
    page = (await sam.get(f"/console/people/{person.account_id}?lang=de")).text
    assert "ein kopiertes Telefon" in page


async def test_an_incident_is_told_resolved_and_learnt_from(room: Room) -> None:
    """B-70: its duties run with drafts; an auditor reads along and writes nothing."""
    ann, auditor = await room.member("security"), await room.member("auditor")
    begun = await ann.send(
        "/console/incidents", do="open", kind="personal_data", impact="partial", **{"component.sign-in": "1"}
    )
    place = begun.url.path
    assert "Nobody outside is told" in begun.text
    assert "GDPR, art. 33" in begun.text
    half = await ann.send(place, do="update", state="identified", impact="partial", text__en="We know it.")
    assert half.status_code == 422, "all four languages, or none"
    assert "Nobody outside" not in (await ann.send(place, do="publish")).text
    told = {f"text__{each}": f"We know it ({each})." for each in ("nl", "fr", "de", "en")}
    assert "We know it (en)." in (await ann.send(place, do="update", state="identified", impact="partial", **told)).text
    draft = (await auditor.get(f"{place}/drafts/gdpr_authority?lang=en")).text
    assert "Data protection officer" in draft
    assert "Funktionaris" in draft or "ontwerp" in draft.lower() or "AVG" in draft, "in all four languages"
    assert (await auditor.get(f"{place}/drafts/tax")).status_code == 404
    assert "done" in (await ann.send(place, do="duty:gdpr_authority", note="case 9")).text
    assert (await auditor.send(place, do="publish")).status_code == 403
    assert (await ann.send(place, do="update", state="resolved", impact="partial")).status_code == 200
    learnt = {f"learnt__{each}": f"Two people look ({each})." for each in ("nl", "fr", "de", "en")}
    assert "published" in (await ann.send(place, do="post_mortem", **learnt)).text
    planned = await ann.send(
        "/console/incidents",
        do="plan",
        starts="2099-01-01T10:00",
        ends="2099-01-01T11:00",
        **{"component.signing": "1"},
    )
    assert "Planned maintenance" in planned.text
    incidents, _ = open_incidents(*room.ground)
    (window,) = await incidents.maintenance()
    assert "called off" in (await ann.send("/console/incidents", do=f"call_off:{window.maintenance_id}")).text


async def test_figures_are_of_all_and_of_one_partner(room: Room) -> None:
    seat = await room.member("auditor")
    for address in (
        "/console/figures?lang=en&span=day",
        "/console/figures?span=never",
        "/console/figures/shop?lang=de",
    ):
        assert (await seat.get(address)).status_code == 200


async def test_a_reference_finds_what_was_refused_and_nobody(room: Room) -> None:
    sam, person = await room.member("support"), await room.person()
    refusals = open_refusals(room.features.people.database, room.features.people.clock, room.features.desk.log)
    refusals.note(Refused("7QK2-M4PX", 403, "level_too_low", "/phone/v1/claim", "phone"))
    await refusals.flush()
    shown = (await sam.send("/console/find?lang=en", reference=" 7qk2 m4px")).text
    assert ("level_too_low" in shown, "/phone/v1/claim" in shown) == (True, True)
    assert (await sam.send("/console/find", reference="ABCD-2345")).status_code == 404
    await called(room, sam, person, how="ask_app")
    (asked,) = (await person.home())["open"]
    found = (await sam.send("/console/find?lang=en", reference=asked["action"])).text
    assert ("Help desk" in found, person.account_id in found) == (True, False)
