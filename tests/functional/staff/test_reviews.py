"""What one person may not do alone: a second one decides, and what is decided is done in the same transaction (T-4)."""

from __future__ import annotations

import asyncio

import pytest

from ipse.staff import Member, NotAllowed, Organisation, Review, ReviewRefused, ReviewState, Role
from ipse.staff.model import MOST_WAITING, REVIEW_SECONDS
from ipse.staff.service import Act
from ipse.storage.statement import Transaction, run
from tests.functional.staff.office import Office

SECURITY, REVIEWER = frozenset({Role.SECURITY}), frozenset({Role.REVIEWER, Role.SECURITY})
DONE = "insert into storage_outbox (event_id, name, payload, handled, tries, due_at, created_at) values ($1, $2, '{}', '[]', 0, 0, 0)"  # noqa: E501 - a table to write to


def _writing(review: Review, member: Member) -> Transaction[object]:
    yield from run(DONE, review.review_id, member.member_id)
    if review.subject == "gone":
        raise ReviewRefused("gone", public="it is gone meanwhile")
    return "done"


@pytest.fixture
def told(office: Office) -> list[tuple[str, object]]:
    heard: list[tuple[str, object]] = []

    async def after(review: Review, done: object) -> None:
        heard.append((review.review_id, done))

    office.parts.reviews.register(Act("switch.off", SECURITY, REVIEWER, _writing, after=after))
    return heard


async def done(office: Office) -> int:
    return len(await office.parts.staff.database.rows("select event_id from storage_outbox"))


async def test_an_act_waits_for_a_second_person(office: Office, told: list[tuple[str, object]]) -> None:
    reviews = office.parts.reviews
    first, second = await office.member("security"), await office.member("reviewer")
    review = await reviews.ask("switch.off", "kbc", {"bank": "kbc"}, reason="case 12", member=first)
    assert [each.review_id for each in await reviews.waiting()] == [review.review_id]
    with pytest.raises(ReviewRefused, match="same person") as refused:
        await reviews.decide(review.review_id, first, approve=True)
    assert refused.value.public.startswith("waiting for a second person")
    assert (await done(office), told) == (0, [])
    decided = await reviews.decide(review.review_id, second, approve=True, answer="seen")
    assert (decided.state, decided.decided_by, decided.answer) == (ReviewState.APPROVED, second.member_id, "seen")
    assert (await done(office), told) == (1, [(review.review_id, "done")])
    with pytest.raises(ReviewRefused, match="over"):
        await reviews.decide(review.review_id, second, approve=True)
    lines = await office.parts.staff.database.rows("select act from audit_lines where act like 'review.%' order by seq")
    assert [line["act"] for line in lines] == ["review.ask", "review.approve"]


async def test_one_person_with_two_memberships_is_one_person(office: Office, told: list[tuple[str, object]]) -> None:
    reviews = office.parts.reviews
    reviews.register(Act("partner.keys", frozenset({Role.MANAGER}), REVIEWER, _writing))
    outside = await office.member(
        "manager", email="ann@ipse.example", organisation=Organisation.PARTNER, organisation_id="shop"
    )
    inside = await office.member("reviewer", email="ANN@ipse.example")
    review = await reviews.ask("partner.keys", "shop", {}, reason="rotation", member=outside)
    with pytest.raises(ReviewRefused, match="same person"):
        await reviews.decide(review.review_id, inside, approve=True)


async def test_roles_are_asked_for_at_both_ends(office: Office, told: list[tuple[str, object]]) -> None:
    reviews = office.parts.reviews
    security, support = await office.member("security"), await office.member("support")
    with pytest.raises(NotAllowed):
        await reviews.ask("switch.off", "kbc", {}, reason="case 12", member=support)
    review = await reviews.ask("switch.off", "kbc", {}, reason="case 12", member=security)
    with pytest.raises(NotAllowed):
        await reviews.decide(review.review_id, support, approve=True)
    reviewer = await office.member("reviewer")
    await office.parts.staff.set_roles(reviewer.member_id, ["support"], actor="operator:root")
    with pytest.raises(NotAllowed, match="not any more"):  # as this process knew them before
        await reviews.decide(review.review_id, reviewer, approve=True)
    assert await done(office) == 0


async def test_what_cannot_be_done_changes_nothing_and_waits_on(office: Office, told: list[tuple[str, object]]) -> None:
    reviews = office.parts.reviews
    first, second = await office.member("security"), await office.member("reviewer")
    review = await reviews.ask("switch.off", "gone", {}, reason="case 12", member=first)
    with pytest.raises(ReviewRefused, match="gone"):
        await reviews.decide(review.review_id, second, approve=True)
    assert (await done(office), (await reviews.review(review.review_id)).state) == (0, ReviewState.WAITING)


async def test_fifty_deciders_at_once_do_it_once(office: Office, told: list[tuple[str, object]]) -> None:
    reviews = office.parts.reviews
    first, second = await office.member("security"), await office.member("reviewer")
    review = await reviews.ask("switch.off", "kbc", {}, reason="case 12", member=first)
    tries = (reviews.decide(review.review_id, second, approve=True) for _ in range(50))
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(each, Review) for each in results) == 1
    assert await done(office) == 1


async def test_a_review_can_be_refused_with_a_reason_withdrawn_and_ends(
    office: Office, told: list[tuple[str, object]]
) -> None:
    reviews = office.parts.reviews
    first, second = await office.member("security"), await office.member("reviewer")
    with pytest.raises(ReviewRefused, match="reason"):
        await reviews.ask("switch.off", "a", {}, reason="so", member=first)
    review = await reviews.ask("switch.off", "a", {}, reason="case 12", member=first)
    with pytest.raises(ReviewRefused, match="twice"):
        await reviews.ask("switch.off", "a", {}, reason="case 13", member=first)
    with pytest.raises(ReviewRefused, match="no answer"):
        await reviews.decide(review.review_id, second, approve=False)
    refused = await reviews.decide(review.review_id, second, approve=False, answer="not yet")
    assert refused.state is ReviewState.REFUSED
    other = await reviews.ask("switch.off", "b", {}, reason="case 12", member=first)
    with pytest.raises(ReviewRefused, match="not theirs"):
        await reviews.withdraw(other.review_id, second)
    await reviews.withdraw(other.review_id, first)
    late = await reviews.ask("switch.off", "c", {}, reason="case 12", member=first)
    office.clock.advance(seconds=REVIEW_SECONDS + 1)
    assert await reviews.waiting() == []
    assert await reviews.expire() == 1
    with pytest.raises(ReviewRefused, match="over"):
        await reviews.decide(late.review_id, second, approve=True)
    assert sorted(each.state for each in await reviews.decided()) == ["expired", "refused", "withdrawn"]
    assert await done(office) == 0


async def test_who_asked_must_still_be_there_when_the_second_person_decides(
    office: Office, told: list[tuple[str, object]]
) -> None:
    reviews, staff = office.parts.reviews, office.parts.staff
    lost, gone = await office.member("security"), await office.member("security")
    second = await office.member("reviewer")
    of_lost = await reviews.ask("switch.off", "a", {}, reason="case 12", member=lost)
    of_gone = await reviews.ask("switch.off", "b", {}, reason="case 12", member=gone)
    await staff.set_roles(lost.member_id, ["support"], actor="operator:root")
    await staff.remove(gone.member_id, actor="operator:root")
    for each in (of_lost, of_gone):
        with pytest.raises(ReviewRefused, match="the first is gone"):
            await reviews.decide(each.review_id, second, approve=True)
        refused = await reviews.decide(each.review_id, second, approve=False, answer="nobody asks any more")
        assert refused.state is ReviewState.REFUSED
    assert await done(office) == 0


async def test_who_proposes_what_came_from_outside_must_be_allowed_to_decide_it(
    office: Office, told: list[tuple[str, object]]
) -> None:
    reviews, staff = office.parts.reviews, office.parts.staff
    reviews.register(Act("partner.keys", frozenset({Role.MANAGER}), REVIEWER, _writing))
    outside = await office.member("manager", organisation=Organisation.PARTNER, organisation_id="shop")
    first, second = await office.member("reviewer"), await office.member("reviewer")
    review = await reviews.ask("partner.keys", "shop", {}, reason="rotation", member=outside)
    await staff.set_roles(first.member_id, ["support"], actor="operator:root")
    with pytest.raises(NotAllowed, match="not any more"):
        await staff.database.transact(lambda: reviews.approving(review.review_id, second, first=first.member_id))
    assert await done(office) == 0


async def test_who_is_outside_cannot_bury_what_waits(office: Office, told: list[tuple[str, object]]) -> None:
    reviews = office.parts.reviews
    manager = frozenset({Role.MANAGER})
    reviews.register(Act("partner.keys", manager, REVIEWER, _writing))
    reviews.register(Act("partner.grant", manager, REVIEWER, _writing, parts=True))
    shop, bakery = [
        await office.member("manager", organisation=Organisation.PARTNER, organisation_id=each)
        for each in ("shop", "bakery")
    ]
    tries = (
        reviews.ask("partner.keys", "shop", {"use": str(each)}, reason="because", member=shop) for each in range(9)
    )
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(each, Review) for each in results) == 1
    for each in range(MOST_WAITING - 1):
        await reviews.ask("partner.grant", "service", {"attribute": str(each)}, reason="because", member=shop)
    with pytest.raises(ReviewRefused, match="too many"):
        await reviews.ask("partner.grant", "service", {"attribute": "one more"}, reason="because", member=shop)
    await reviews.ask("partner.keys", "bakery", {}, reason="because", member=bakery)
    assert len(await reviews.waiting()) == MOST_WAITING + 1
