"""T-4: each privileged act alone waits for a second person; then it is done, once, with both in the audit log."""

from __future__ import annotations

import pytest

from ipse.audit.model import Wanted
from ipse.audit.service import Audit
from ipse.enrolment.model import RegistrarState
from ipse.people.model import AccountState
from ipse.sim.model import OperatorState
from ipse.staff import Member, Organisation, Review, Role
from ipse.staff.service import Act
from ipse.storage.statement import Transaction
from ipse.switches.model import Kind
from tests.functional.console.room import ORIGIN, SCHEME, Room, Seat, bank, operator, shop
from tests.support.passkeys import Keeper

ONE_ENGINE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


async def acts(room: Room, subject: str) -> list[tuple[str, str]]:
    """Who did what to something, oldest first."""
    lines = await Audit(room.features.people.database).find(Wanted(subject=subject))
    return [(line.actor, line.act) for line in reversed(lines)]


async def two(room: Room) -> tuple[Seat, Seat]:
    """Two members of security."""
    return await room.member("security", name="Ann Peeters"), await room.member("security", name="Bo Claes")


async def test_a_switch_waits_and_is_then_turned_by_the_second_person(room: Room) -> None:
    ann, bo = await two(room)
    review = await ann.ask("/console/switches", kind="app_version", name="1.4.2", do="off")
    switches = room.features.switches
    assert not switches.is_off(Kind.APP_VERSION, "1.4.2"), "alone, nothing is done"
    mine = await ann.decide(review)
    assert mine.status_code == 409
    assert "waiting for a second person" in mine.text
    assert not switches.is_off(Kind.APP_VERSION, "1.4.2")
    assert "1.4.2" in (await bo.get(f"/console/reviews/{review}?lang=en")).text
    assert (await bo.decide(review)).status_code == 200
    assert switches.is_off(Kind.APP_VERSION, "1.4.2")
    assert (await bo.decide(review)).status_code == 409, "decided once"
    assert await acts(room, "app_version:1.4.2") == [(f"staff:{bo.member_id}", "switch.off")]
    assert [act for _, act in await acts(room, review)] == ["review.ask", "review.approve"]
    again = await bo.ask("/console/switches", kind="app_version", name="1.4.2", do="on")
    assert (await ann.decide(again)).status_code == 200
    assert not switches.is_off(Kind.APP_VERSION, "1.4.2")


async def test_partners_banks_and_mobile_operators_are_switched_by_two(room: Room) -> None:
    ann, bo = await two(room)
    features = room.features
    await features.registrars.add(bank(), actor="operator:root")
    await features.sims.operators.add(operator(), actor="operator:root")
    for kind, name in (("bank", "bank-lys"), ("mobile_operator", "lumo")):
        review = await ann.ask("/console/switches", kind=kind, name=name, do="off")
        assert (await bo.decide(review)).status_code == 200
    registrar = await features.registrars.get("bank-lys")
    assert registrar is not None
    assert registrar.state is RegistrarState.STOPPED
    assert (await features.sims.operators.get("lumo")).state is OperatorState.STOPPED
    page = (await ann.get("/console/switches?lang=en")).text
    assert page.count('<span class="badge bad">off</span>') == 2
    again = await bo.ask("/console/switches", kind="bank", name="bank-lys", do="on")
    assert (await ann.decide(again)).status_code == 200
    assert [each.id for each in await features.registrars.active()] == ["bank-lys"]
    unknown = await ann.send("/console/switches", kind="partner", name="nobody", do="off", reason="case 4711")
    assert unknown.status_code == 422


async def test_a_person_is_blocked_by_one_and_released_by_two(room: Room) -> None:
    person, sam = await room.person(), await room.member("support")
    ann, bo = await two(room)
    place = f"/console/people/{person.account_id}"
    assert (await sam.send(place, do="block", reason="case 4711")).status_code == 200
    account = await room.features.people.account(person.account_id)
    assert (account.state, account.why) == (AccountState.BLOCKED, "by_operator")
    review = await sam.ask(place, do="account.release")
    assert (await sam.decide(review)).status_code == 403, "support asks, security decides"
    assert (await room.features.people.account(person.account_id)).why == "by_operator"
    assert (await ann.decide(review)).status_code == 200
    assert (await room.features.people.account(person.account_id)).why == "released"
    assert f"staff:{ann.member_id}" in {
        actor for actor, act in await acts(room, person.account_id) if act == "account.release"
    }
    late = await sam.send(place, do="account.release", reason="case 4711")
    assert late.status_code == 409, "nothing is held any more"
    assert (await bo.send(place, do="block", reason="x")).status_code == 409, "without a reason nothing is done"


async def test_data_are_seen_by_one_whom_another_has_allowed_and_for_a_while(room: Room) -> None:
    person, sam, tim = await room.person(), await room.member("support"), await room.member("support")
    ann, _ = await two(room)
    place = f"/console/people/{person.account_id}"
    assert (await sam.send(f"{place}/data")).status_code == 403
    review = await sam.ask(place, do="account.view")
    assert (await sam.send(f"{place}/data")).status_code == 403
    assert (await ann.decide(review)).status_code == 200
    shown = await sam.send(f"{place}/data")
    assert "Lovelace" in shown.text
    assert (await tim.send(f"{place}/data")).status_code == 403, "for the one who asked alone"
    assert "data_viewed" in {each.kind for each in await room.features.delivery.of(person.account_id)}, "and told"
    assert (await ann.send(f"{place}/data")).status_code == 403
    assert (f"staff:{sam.member_id}", "account.view") in await acts(room, person.account_id)
    await room.features.people.database.rows("update console_views set until = 1 where until > $1", 0)
    assert (await sam.send(f"{place}/data")).status_code == 403


@ONE_ENGINE
async def test_power_is_given_and_taken_by_two(room: Room) -> None:
    """One administrator alone cannot make two members of their own who then decide for each other."""
    root, second = await room.member("administrator"), await room.member("administrator")
    eve = await room.member("support")
    review = await root.ask("/console/staff", do=f"roles:{eve.member_id}", role__security="1")
    assert (await room.seen(eve.member_id)).roles == {"support"}
    shown = (await second.get(f"/console/reviews/{review}?lang=en")).text
    assert (await room.seen(eve.member_id)).email in shown, "whose power it will be"
    assert "operator:root, 20" in shown
    assert (await root.decide(review)).status_code == 409
    assert (await second.decide(review)).status_code == 200
    assert (await room.seen(eve.member_id)).roles == {"security"}
    removal = await root.ask("/console/staff", do=f"remove:{second.member_id}")
    assert (await room.seen(second.member_id)).has(Role.ADMINISTRATOR)
    ann, _ = await two(room)
    assert (await ann.decide(removal)).status_code == 200
    assert second.member_id not in {each.member_id for each in await room.parts.staff.members(SCHEME)}
    auditor, sam = await room.member("auditor"), await room.member("support")
    for kept in (eve, auditor):  # whoever would object is not let go by one alone
        await root.ask("/console/staff", do=f"remove:{kept.member_id}")
    await root.ask("/console/staff", do=f"roles:{auditor.member_id}", role__support="1")
    assert (await room.seen(auditor.member_id)).roles == {"auditor"}
    await root.send("/console/staff", do=f"remove:{sam.member_id}", reason="case 4711")
    assert sam.member_id not in {each.member_id for each in await room.parts.staff.members(SCHEME)}


@ONE_ENGINE
async def test_an_administrator_cannot_be_both_persons(room: Room) -> None:
    """Nobody sees the invitation of a colleague, and power goes to those alone who were there before it was asked."""
    root, second, staff = await room.member("administrator"), await room.member("administrator"), room.parts.staff
    bob = {"do": "invite", "name": "Bob", "email": "bob@ipse.example", "reason": "case 4711"}
    refused = await root.send("/console/staff", **bob, role__security="1")
    assert (refused.status_code, await staff.invited_until()) == (422, {})
    invited = await root.send("/console/staff", **bob, role__support="1")
    assert "ipse operator invite --again" in invited.text, "no mail is sent here"
    assert "/staff/join/" not in invited.text
    (bob_id,) = await staff.invited_until()
    early = await root.send("/console/staff", do=f"roles:{bob_id}", role__security="1", reason="case 4711")
    assert early.status_code == 422, "power is for those who have joined"
    # An invitation kept in hand is over when its member gets power, and a passkey made meanwhile stops it.
    eve = await room.member("support")
    review = await root.ask("/console/staff", do=f"roles:{eve.member_id}", role__security="1")
    kept = await staff.invite_again(eve.member_id, actor="operator:root")
    eve.keeper = Keeper(ORIGIN, "localhost")
    await eve.join(kept.url)
    assert (await second.decide(review)).status_code == 422
    assert (await room.seen(eve.member_id)).roles == {"support"}
    assert (await root.decide(review, "withdraw")).status_code == 200
    review = await root.ask("/console/staff", do=f"roles:{eve.member_id}", role__security="1")
    kept = await staff.invite_again(eve.member_id, actor="operator:root")
    assert (await second.decide(review)).status_code == 200
    assert (await root.get(kept.url)).status_code == 410
    again = await root.send("/console/staff", do=f"again:{eve.member_id}", reason="case 4711")
    assert (again.status_code, await staff.invited_until()) == (422, {bob_id: (await staff.invited_until())[bob_id]})
    assert "ipse operator invite --again" in again.text


@ONE_ENGINE
async def test_every_act_needs_somebody_else(room: Room) -> None:
    """Whatever is registered: whoever asked is refused, with the same words, and nothing happens."""
    root = await room.member("administrator", "security", "support", "reviewer")
    for kind, act in room.parts.reviews.acts.items():
        assert act.may_decide, kind
        assert "auditor" not in act.may_ask | act.may_decide, kind
    person = await room.person()
    await room.features.messages.hold(person.account_id, because="case 1", actor="operator:root")
    asked = [
        await root.ask("/console/switches", kind="signatures", name="every", do="off"),
        await root.ask(f"/console/people/{person.account_id}", do="account.release"),
        await root.ask(f"/console/people/{person.account_id}", do="account.view"),
        await root.ask("/console/staff", do=f"remove:{root.member_id}"),
        await root.ask("/console/staff", do=f"roles:{root.member_id}", role__administrator="1"),
    ]
    for review in asked:
        alone = await root.decide(review)
        assert (alone.status_code, "waiting for a second person" in alone.text) == (409, True)
    assert not room.features.switches.off()


async def test_what_comes_from_outside_takes_two_of_the_scheme(room: Room) -> None:
    """Anybody can register a partner: somebody of the scheme who does so must not be able to let it in alone."""
    await room.features.partners.register_partner(shop(), secret="a secret of thirty-two characters", actor="root")
    await room.features.partners.set_state("shop", "stopped", actor="root")

    def admitting(review: Review, member: Member) -> Transaction[object]:
        return (yield from room.features.partners.setting_state(review.subject, "active", actor=member.actor))

    forgotten = []

    async def after(review: Review, _done: object) -> None:
        forgotten.append(review.subject)

    act = Act("partner.production", frozenset({Role.MANAGER}), frozenset({Role.REVIEWER}), admitting, after=after)
    room.parts.reviews.register(act)
    manager = await room.member("manager", organisation=Organisation.PARTNER, of="shop")
    ann, bo = await room.member("reviewer"), await room.member("reviewer")
    asked = await room.parts.reviews.ask(
        "partner.production", "shop", {"client_id": "shop", "legal_name": "Shop Ltd"}, reason="our web shop",
        member=await room.seen(manager.member_id),
    )  # fmt: skip
    assert "Shop Ltd" in (await ann.get(f"/console/reviews/{asked.review_id}?lang=en")).text
    alone = await ann.decide(asked.review_id)
    assert (alone.status_code, "waiting for a second person" in alone.text) == (409, True)
    proposed = await ann.decide(asked.review_id, "propose", "papers are in order")
    outer = proposed.url.path.rpartition("/")[2]
    assert "Shop Ltd" in proposed.text
    assert (await ann.decide(outer)).status_code == 409
    security = await room.member("security")
    assert (await security.decide(outer)).status_code == 403, "not a role for this act"
    assert not forgotten
    assert (await bo.decide(outer)).status_code == 200
    assert forgotten == ["shop"]
    row = await room.features.people.database.row("select state from partners_partners where partner_id = 'shop'")
    assert (row or {})["state"] == "active"
    assert [act for _, act in await acts(room, asked.review_id)][-1] == "review.approve"
    assert (await bo.decide(outer)).status_code == 409
    assert (await ann.decide(asked.review_id, "refuse", "too late")).status_code == 409
