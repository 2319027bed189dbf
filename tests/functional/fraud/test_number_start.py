"""Starting by phone number: only in browsers its person has trusted, the same to see everywhere (T-6, T-15, T-16)."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from ipse.kernel.fraud import Rate
from ipse.softphone import Refused
from tests.functional.fraud.scene import ONE_ENGINE, SOMEWHERE, Page, Scene, Visitor

MASKED = re.compile(
    r'[A-Za-z0-9_-]{22,}|nonce="[^"]*"|>\d\d<|data-elapsed="\d+"|#[lf]=[^"]+|f=[^"&]+|<img id="qr"[^>]*>'
)
UNKNOWN = "+32 479000000"


def masked(page: Page) -> str:
    return MASKED.sub("*", page.text)


async def test_a_trusted_browser_starts_by_number(scene: Scene) -> None:
    """The request reaches the phone when the page is seen, opens with its two digits, and the code goes back."""
    visitor = await scene.trusted()
    page = await visitor.start()
    assert 'id="use-number"' in page.text
    assert (await visitor.http.get(f"/v2/sign-in/{page.handle}/number?lang=en")).status_code == 200
    assert (await visitor.type_number(page, scene.number)).status_code == 303
    shown = await visitor.page(page.handle)
    assert await scene.listed() == [], "nothing is sent before the page is seen"
    await visitor.see(shown)
    (entry,) = await scene.listed()
    assert (entry["digits"], entry["claimed"]) == (True, False)
    request = await asyncio.to_thread(scene.phone.claim_addressed, entry["action"], shown.digits)
    assert request.start == "push"
    await scene.approve(request)
    back = await visitor.finish(shown)
    assert "code" in parse_qs(urlsplit(back.headers["location"]).query)
    (browser,) = await scene.known()
    assert (browser["name"], browser["place"]) == ("Firefox, Linux", "Ghent")


@ONE_ENGINE
async def test_no_approval_without_the_digits(scene: Scene) -> None:
    """T-6: there is no blind approval, and a wrong pair ends the request."""
    visitor = await scene.trusted()
    shown = await visitor.by_number(scene.number)
    (entry,) = await scene.listed()
    with pytest.raises(Refused) as needed:
        await asyncio.to_thread(scene.phone.claim_addressed, entry["action"])
    assert needed.value.code == "digits_needed"
    wrong = f"{(int(shown.digits) + 1) % 100:02d}"
    with pytest.raises(Refused) as ended:
        await asyncio.to_thread(scene.phone.claim_addressed, entry["action"], wrong)
    assert ended.value.code == "wrong_digits"
    assert await scene.listed() == []
    assert 'data-state="cancelled"' in (await visitor.page(shown.handle)).text


@ONE_ENGINE
async def test_any_other_browser_reaches_nobody(scene: Scene) -> None:
    """T-6: neither a browser that nobody trusts, nor a trusted one with somebody else's number."""
    trusted, stranger = await scene.trusted(), scene.browser(SOMEWHERE)
    await stranger.by_number(scene.number)
    assert await scene.listed() == []
    await trusted.by_number(UNKNOWN)
    assert await scene.listed() == []
    await trusted.by_number(scene.number)
    assert len(await scene.listed()) == 1


@ONE_ENGINE
async def test_a_forgotten_browser_is_as_any_other(scene: Scene) -> None:
    visitor = await scene.trusted()
    (browser,) = await scene.known()
    assert await asyncio.to_thread(scene.phone.forget_browser, browser["browser"])
    assert not await asyncio.to_thread(scene.phone.forget_browser, browser["browser"])
    await visitor.by_number(scene.number)
    assert (await scene.known(), await scene.listed()) == ([], [])


@ONE_ENGINE
async def test_trust_ends_after_its_time(scene: Scene) -> None:
    visitor = await scene.trusted()
    scene.stage.clock.advance(seconds=180 * 86_400 + 1)
    await visitor.by_number(scene.number)
    assert (await scene.known(), await scene.listed()) == ([], [])


@ONE_ENGINE
async def test_a_browser_is_trusted_by_choice_alone(scene: Scene) -> None:
    visitor = scene.browser()
    page = await visitor.start()
    await scene.approve(await scene.claim(page.qr))
    finished = await visitor.finish(page)
    assert "set-cookie" not in finished.headers
    assert await scene.known() == []


async def test_trust_after_an_app_link(scene: Scene) -> None:
    """The cookie goes to the browser that began, where it meets the return value."""
    visitor = scene.browser()
    page = await visitor.start()
    outcome = await scene.approve(await scene.claim(page.link), remember=True)
    assert outcome.return_url is not None
    other = await scene.browser(SOMEWHERE).http.get(outcome.return_url)
    assert (other.status_code, "set-cookie" in other.headers) == (403, False)
    back = await visitor.http.get(outcome.return_url)
    assert "ipse-known=" in back.headers["set-cookie"]
    assert "HttpOnly; SameSite=Lax" in back.headers["set-cookie"]
    await visitor.by_number(scene.number)
    assert len(await scene.listed()) == 1


@ONE_ENGINE
async def test_mistyped_numbers_can_be_mended(scene: Scene) -> None:
    visitor = await scene.trusted()
    page = await visitor.start()
    bad = await visitor.type_number(page, "12")
    assert (bad.status_code, 'role="alert"' in bad.text) == (422, True)
    assert 'value="12"' in bad.text  # what was typed stays, to be mended
    await visitor.type_number(page, UNKNOWN)
    await visitor.see(await visitor.page(page.handle))
    await visitor.type_number(page, scene.number)
    await visitor.see(await visitor.page(page.handle))
    assert len(await scene.listed()) == 1


@ONE_ENGINE
async def test_a_number_is_in_no_address_and_no_log(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    visitor = await scene.trusted()
    page = await visitor.start()
    typed = await visitor.type_number(page, scene.number)
    digits = scene.number.replace(" ", "").removeprefix("+32")
    for text in (typed.headers["location"], caplog.text):
        assert digits not in text
    for table in ("fraud_buckets", "fraud_starts", "fraud_browsers", "actions_actions"):
        rows: Sequence[Any] = await scene.stage.scheme.database.rows(f"select * from {table}")
        assert digits not in repr([dict(row) for row in rows])


@ONE_ENGINE
class TestKnownAndUnknownLookTheSame:
    """T-16: 200 known and 200 unknown numbers, in a browser that nobody trusts and in process."""

    async def asked(self, visitor: Visitor, number: str) -> tuple[tuple[Any, ...], float]:
        page = await visitor.start()
        began = time.perf_counter()
        typed = await visitor.type_number(page, number)
        took = time.perf_counter() - began
        location = typed.headers["location"].replace(page.handle, "*")
        shown = await visitor.page(page.handle)
        seen = await visitor.see(shown)
        kept = tuple(sorted(name for name, _ in typed.headers.multi_items()))
        facts = (
            typed.status_code,
            kept,
            len(typed.content),
            location,
            masked(shown),
            seen.status_code,
            len(shown.text),
        )
        return facts, took

    @pytest.fixture
    def guards(self) -> dict[str, Any]:
        plenty = Rate(burst=10_000, per_hour=100_000)
        return {"number": plenty, "network": plenty, "partner": plenty, "total": plenty}

    async def test_all_of_it(self, scene: Scene) -> None:
        visitor, people = scene.browser(SOMEWHERE), scene.stage.scheme.people
        await self.asked(visitor, scene.number)
        known: list[tuple[tuple[Any, ...], float]] = []
        unknown: list[tuple[tuple[Any, ...], float]] = []
        for turn in range(200):
            pairs = [(known, scene.number), (unknown, f"+32 47{turn:07d}")]
            for results, number in pairs if turn % 2 else pairs[::-1]:
                results.append(await self.asked(visitor, number))
        assert await people.account_of_number(scene.number), "the one number is somebody's"
        assert {facts for facts, _ in known} == {facts for facts, _ in unknown}
        assert rank_test([took for _, took in known], [took for _, took in unknown]) > 0.001
        assert await scene.listed() == []


@ONE_ENGINE
async def test_blocked_people_look_the_same(scene: Scene) -> None:
    """T-16: a blocked person's number in their own trusted browser, and the same polls and expiry for both."""
    visitor = await scene.trusted()
    await asyncio.to_thread(scene.phone.block, "lost")
    blocked, unknown = await visitor.by_number(scene.number), await visitor.by_number(UNKNOWN)
    assert masked(blocked) == masked(unknown)
    scene.stage.clock.advance(seconds=181)
    pages = [await visitor.page(page.handle) for page in (blocked, unknown)]
    assert all('data-state="expired"' in page.text for page in pages)
    assert masked(pages[0]) == masked(pages[1])


@ONE_ENGINE
async def test_bombing_reaches_nobody(scene: Scene) -> None:
    """T-6: one number from many addresses; the page is always the same."""
    pages = set()
    for turn in range(60):
        visitor = scene.browser(f"198.51.{turn}.{turn + 1}")
        pages.add(masked(await visitor.by_number(scene.number)))
    assert (len(pages), await scene.listed()) == (1, [])


async def test_a_stolen_cookie_rings_three_times_at_most(scene: Scene) -> None:
    """T-6: even where the browser is trusted, three in ten minutes and one at a time."""
    visitor = await scene.trusted()
    reached = 0
    for _ in range(8):
        page = await visitor.by_number(scene.number)
        reached += len(await scene.listed())
        await visitor.http.post(f"/v2/sign-in/{page.handle}/cancel", data={"token": page.token})
    assert reached == 3


class TestLimits:
    """T-15: buckets that all processes share; what they hold back cannot be told from what nobody answers."""

    @pytest.fixture
    def guards(self) -> dict[str, Any]:
        return {"number": Rate(burst=2, per_hour=1), "network": Rate(burst=4, per_hour=60)}

    @ONE_ENGINE
    async def test_per_number_quietly(self, scene: Scene) -> None:
        trusted = await scene.trusted()
        pages = [await scene.browser(f"192.0.{turn}.2").by_number(scene.number) for turn in range(3)]
        pages.append(await trusted.by_number(scene.number))
        assert len({masked(page) for page in pages}) == 1
        assert await scene.listed() == []

    @ONE_ENGINE
    async def test_per_network_in_plain_words(self, scene: Scene) -> None:
        visitors = [scene.browser(f"192.0.2.{turn}") for turn in range(5)]
        answers = []
        for turn, visitor in enumerate(visitors):
            answers.append((await visitor.type_number(await visitor.start(), f"+32 47000000{turn}")).status_code)
        assert answers == [303, 303, 303, 303, 429]
        elsewhere = scene.browser("192.0.3.1")
        assert (await elsewhere.type_number(await elsewhere.start(), UNKNOWN)).status_code == 303
        scene.stage.clock.advance(seconds=60)
        again = visitors[0]
        assert (await again.type_number(await again.start(), UNKNOWN)).status_code == 303

    async def test_many_at_once_take_no_more_than_there_is(self, scene: Scene) -> None:
        """One conditional statement each: parallel takers share what the bucket holds."""
        limits = scene.stage.scheme.messages.people.database
        from ipse.fraud.service.limits import SharedLimits

        shared = SharedLimits(scene.stage.scheme.settings.fraud, limits, scene.stage.scheme.keys, scene.stage.clock)
        taken = await asyncio.gather(*(shared.from_network("192.0.9.9") for _ in range(30)))
        assert sum(taken) == 4


@ONE_ENGINE
async def test_nothing_is_written_before_the_cookie_came_back(scene: Scene) -> None:
    """T-15: a form without our cookie, or with another browser's token, costs no statement."""
    visitor, stranger = scene.browser(), scene.browser(SOMEWHERE)
    page = await visitor.start()
    database = scene.stage.scheme.database
    before = database.statements
    for _ in range(20):
        answer = await stranger.type_number(page, UNKNOWN)
        assert answer.status_code == 403
    assert database.statements == before


@ONE_ENGINE
async def test_random_numbers_leave_logins_alone(scene: Scene) -> None:
    """T-15, scaled down: 200 random numbers from one network; rows and time stay within bounds, logins go on."""
    visitor = scene.browser("192.0.2.7")
    page = await visitor.start()
    answers = [(await visitor.type_number(page, f"+32 4{70_000_000 + turn}")).status_code for turn in range(200)]
    assert answers.count(303) == 60
    assert answers.count(429) == 140
    rows = await scene.stage.count("select count(*) as n from fraud_buckets")
    assert rows <= 64
    assert await scene.stage.count("select count(*) as n from fraud_starts") == 1
    login = scene.browser()
    began = time.perf_counter()
    page = await login.start()
    await scene.approve(await scene.claim(page.qr))
    assert (await login.finish(page)).status_code == 303
    assert time.perf_counter() - began < 2


def rank_test(one: list[float], other: list[float]) -> float:
    """Mann-Whitney's p, two-sided, by the normal approximation."""
    import math

    ranked = sorted([(value, 0) for value in one] + [(value, 1) for value in other])
    ranks = sum(rank for rank, (_, side) in enumerate(ranked, start=1) if side == 0)
    n, m = len(one), len(other)
    u = ranks - n * (n + 1) / 2
    z = abs(u - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)
    return math.erfc(z / math.sqrt(2))
