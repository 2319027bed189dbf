"""Members come by invitation and passkey, work for one organisation, and leave nothing behind that opens a door."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ipse.kernel.ids import b64u
from ipse.staff import AlreadyMember, Invitee, MemberState, Organisation, Role, StaffRefused
from ipse.staff.model import FRESH_SECONDS, IDLE_SECONDS, INVITED_SECONDS, MOST_SECONDS
from tests.functional.staff.office import ORIGIN, Office

SCHEME = Organisation.SCHEME
ANN = Invitee("Ann Peeters", "Ann@IPSE.example", ("administrator",), "nl")


async def test_an_invitation_is_a_letter_taken_once_with_a_passkey(office: Office) -> None:
    invitation = await office.parts.staff.invite(SCHEME, "", ANN, actor="operator:root")
    assert invitation.sent
    (letter,) = office.letters
    assert (letter["to"], letter["language"]) == ("Ann@ipse.example", "nl")
    assert invitation.url in letter["text"]
    assert invitation.url.startswith(f"{ORIGIN}/staff/join/")
    async with office.desk() as desk:
        page = await desk.http.get(invitation.url)
        assert "Ann Peeters" in page.text
        assert (await desk.join(invitation.url)).json() == {"made": True}
        assert (await desk.sign_in()).json() == {"to": "/console"}
        own = await desk.http.get("/staff/account?lang=en")
        assert "Ann@ipse.example" in own.text
    async with office.desk() as thief:
        assert (await thief.http.get(invitation.url)).status_code == 410
    member = await office.parts.staff.member(invitation.member_id)
    assert (member.state, member.language) == (MemberState.ACTIVE, "nl")
    assert member.roles == {Role.ADMINISTRATOR}


async def test_an_invitation_ends_and_a_newer_one_replaces_it(office: Office) -> None:
    first = await office.parts.staff.invite(SCHEME, "", ANN, actor="operator:root")
    second = await office.parts.staff.invite_again(first.member_id, actor="operator:root")
    async with office.desk() as desk:
        assert (await desk.http.get(first.url)).status_code == 410
        office.clock.advance(seconds=INVITED_SECONDS + 1)
        assert (await desk.http.get(second.url)).status_code == 410


async def test_one_address_is_one_member_of_an_organisation(office: Office) -> None:
    await office.parts.staff.invite(SCHEME, "", ANN, actor="operator:root")
    with pytest.raises(AlreadyMember):
        await office.parts.staff.invite(SCHEME, "", replace(ANN, email="ann@ipse.EXAMPLE"), actor="operator:root")
    of_a_partner = replace(ANN, roles=("manager",))
    await office.parts.staff.invite(Organisation.PARTNER, "shop", of_a_partner, actor="operator:root")
    assert [each.email for each in await office.parts.staff.members(Organisation.PARTNER, "shop")] == [
        "Ann@ipse.example"
    ]


@pytest.mark.parametrize(
    ("organisation", "roles", "email"),
    [
        (SCHEME, ("manager",), "a@b.example"),
        (SCHEME, (), "a@b.example"),
        (SCHEME, ("god",), "a@b.example"),
        (SCHEME, ("auditor", "administrator"), "a@b.example"),  # T-4: who audits does nothing else
        (Organisation.PARTNER, ("administrator",), "a@b.example"),
        (SCHEME, ("support",), "nobody"),
        (SCHEME, ("support",), "a@b.example>\nBcc: c@d.example"),
    ],
)
async def test_roles_and_addresses_that_cannot_be(
    office: Office, organisation: Organisation, roles: tuple[str, ...], email: str
) -> None:
    with pytest.raises(StaffRefused):
        await office.parts.staff.invite(organisation, "", Invitee("Ann", email, roles), actor="operator:root")
    assert office.letters == []


async def test_a_passkey_answers_a_challenge_of_its_own_browser_once(office: Office) -> None:
    invitation = await office.parts.staff.invite(SCHEME, "", ANN, actor="operator:root")
    async with office.desk() as desk, office.desk() as other:
        await desk.join(invitation.url)
        challenge = (await desk.asked("/staff/sign-in"))["challenge"]
        await other.asked("/staff/sign-in")
        told = {"challenge": challenge, "credential": desk.keeper.use(challenge)}
        assert (await other.tell("/staff/sign-in", told)).status_code == 401
        assert (await desk.tell("/staff/sign-in", told)).status_code == 200
        assert (await desk.tell("/staff/sign-in", told)).status_code == 401
        # A challenge of nobody, a passkey of nobody, another origin's page.
        wrong = {"challenge": b64u(bytes(32)), "credential": desk.keeper.use(b64u(bytes(32)))}
        assert (await desk.tell("/staff/sign-in", wrong)).status_code == 401
        assert (await other.sign_in()).status_code == 401
        evil = await desk.http.post("/staff/sign-in", json=told, headers={"Origin": "http://localhost:1"})
        assert evil.status_code == 403


async def test_a_session_ends_by_time_by_leaving_and_by_removal(office: Office) -> None:
    staff = office.parts.staff
    await office.member("administrator")  # somebody has to remain
    invitation = await staff.invite(SCHEME, "", ANN, actor="operator:root")
    async with office.desk() as desk:
        await desk.join(invitation.url)
        for seconds in (IDLE_SECONDS + 1, MOST_SECONDS + 1):
            signed_in = await desk.sign_in("/staff/account")
            assert "SameSite=Strict" in signed_in.headers["set-cookie"]
            assert (await desk.http.get("/staff/account")).status_code == 200
            office.clock.advance(seconds=seconds)
            away = await desk.http.get("/staff/account")
            assert (away.status_code, away.headers["location"]) == (303, "/staff/sign-in?onward=/staff/account")
        await desk.sign_in()
        await desk.send("/staff/sign-out")
        assert (await desk.http.get("/staff/account")).status_code == 303
        await desk.sign_in()
        await staff.remove(invitation.member_id, actor="operator:root")
        assert (await desk.http.get("/staff/account")).status_code == 303
        assert (await desk.sign_in()).status_code == 401
    rows = await staff.database.rows("select sealed_about, email_index from staff_members where state = 'removed'")
    assert [(row["sealed_about"], row["email_index"]) for row in rows] == [(None, None)]


async def test_the_last_administrator_stays(office: Office) -> None:
    only = await office.member("administrator")
    with pytest.raises(StaffRefused, match="last one"):
        await office.parts.staff.remove(only.member_id, actor="operator:root")
    with pytest.raises(StaffRefused, match="last one"):
        await office.parts.staff.set_roles(only.member_id, ["support"], actor="operator:root")
    await office.member("administrator")
    await office.parts.staff.set_roles(only.member_id, ["support"], actor="operator:root")
    assert (await office.parts.staff.member(only.member_id)).roles == {Role.SUPPORT}


async def test_a_member_adds_a_passkey_and_never_loses_the_last(office: Office) -> None:
    invitation = await office.parts.staff.invite(SCHEME, "", ANN, actor="operator:root")
    async with office.desk() as desk, office.desk() as other:
        await desk.join(invitation.url)
        await desk.sign_in()
        member = await office.parts.staff.member(invitation.member_id)
        (first,) = await office.parts.passkeys.listed(member)
        assert (await desk.send("/staff/account", do=f"remove:{first.passkey_id}")).status_code == 422
        asked = await desk.asked("/staff/account/passkey")
        credential = other.keeper.make(asked["challenge"], asked["user"])
        told = {"challenge": asked["challenge"], "credential": credential}
        assert (await desk.tell("/staff/account/passkey", told)).json() == {"to": "/staff/account?lang=en"}
        await other.sign_in()
        assert (await desk.send("/staff/account", do=f"remove:{first.passkey_id}")).status_code == 303
        assert (await desk.sign_in()).status_code == 401
        assert (await desk.send("/staff/account", do="end_others")).status_code == 303
        assert (await other.http.get("/staff/account")).status_code == 303


async def test_a_browser_left_open_adds_no_passkey_and_each_new_one_is_told(office: Office) -> None:
    staff = office.parts.staff
    invitation = await staff.invite(SCHEME, "", ANN, actor="operator:root")
    async with office.desk() as desk, office.desk() as other, office.desk() as anew:
        await desk.join(invitation.url)
        await desk.sign_in()
        office.letters.clear()
        asked = await desk.asked("/staff/account/passkey")
        told = {"challenge": asked["challenge"], "credential": other.keeper.make(asked["challenge"], asked["user"])}
        office.clock.advance(seconds=FRESH_SECONDS)
        refused = await desk.tell("/staff/account/passkey", told)
        assert (refused.status_code, refused.json()) == (403, {"refused": "stale"})
        assert 'id="stale"' in (await desk.http.get("/staff/account/passkey")).text
        assert office.letters == []
        await desk.sign_in()
        asked = await desk.asked("/staff/account/passkey")
        told = {"challenge": asked["challenge"], "credential": other.keeper.make(asked["challenge"], asked["user"])}
        assert (await desk.tell("/staff/account/passkey", told)).status_code == 200
        assert [each["to"] for each in office.letters] == ["Ann@ipse.example"]
        again = await staff.invite_again(invitation.member_id, actor="operator:root")
        await anew.join(again.url)
        assert (await desk.http.get("/staff/account")).status_code == 303, "sessions end with a renewed invitation"
        assert len(office.letters) == 3
        assert office.letters[-1]["subject"] == office.letters[0]["subject"]


async def test_everything_is_in_the_audit_log(office: Office) -> None:
    member = await office.member("support")
    await office.parts.staff.set_roles(member.member_id, ["reviewer"], actor="operator:root")
    rows = await office.parts.staff.database.rows("select act, details from audit_lines order by seq")
    assert [row["act"] for row in rows] == ["staff.invite", "staff.join", "staff.roles"]
    assert "peeters" not in "".join(row["details"] for row in rows).lower()
