"""From times to states: what one process signs with or offers, every other publishes and opens."""

from __future__ import annotations

import random

import pytest

from ipse.kernel.clock import SECOND
from ipse.keyring import rules
from ipse.keyring.model import Key, KeyState, Plan

DAY, HOUR = 86_400, 3600
PLAN = Plan(announcement=DAY, overlap=DAY, rotation=90 * DAY)
START = 1_790_000_000 * SECOND


def generation(number: int, times: rules.Times) -> list[Key]:
    return [
        Key(f"{number} sig", "oidc", number, "ES256", "sig", times.made_at, times.published_at, times.current_at),
        Key(f"{number} enc", "oidc", number, "RSA-OAEP-256", "enc", times.made_at, times.offered_at, times.current_at),
    ]


def replaced(keys: list[Key], times: rules.Times) -> list[Key]:
    """What the two statements of the store do."""
    return [
        Key(
            key.kid, key.key_set, key.generation, key.algorithm, key.purpose, key.made_at, key.published_at,
            key.current_at,
            times.signing_leave_at if key.purpose == "sig" else times.opening_leave_at,
            times.signing_gone_at if key.purpose == "sig" else times.opening_gone_at,
        )
        if key.leaves_at is None
        else key
        for key in keys
    ]  # fmt: skip


def first() -> list[Key]:
    return [
        Key("1 sig", "oidc", 1, "ES256", "sig", START, 0, 0),
        Key("1 enc", "oidc", 1, "RSA-OAEP-256", "enc", START, 0, 0),
    ]


def states_at(keys: list[Key], after: float) -> dict[str, KeyState]:
    return {key.kid: state for key, state in rules.states(keys, START + round(after * SECOND))}


def test_the_life_of_a_key() -> None:
    """Announced a day before it signs; its predecessor stays published a day, and opens a day longer than any cache."""
    times = rules.planned(PLAN, "oidc", START)
    keys = replaced(first(), times) + generation(2, times)
    spread = rules.SPREAD_SECONDS
    told = [
        (0, "spreading", "spreading", "current", "current"),
        (spread - 1, "spreading", "spreading", "current", "current"),
        (spread, "announced", "announced", "current", "current"),
        (spread + DAY - 1, "announced", "announced", "current", "current"),
        (spread + DAY, "current", "current", "retired", "opening"),
        (spread + 2 * DAY - 1, "current", "current", "retired", "opening"),
        (spread + 2 * DAY, "current", "current", "gone", "opening"),
        (spread + 3 * DAY + HOUR - 1, "current", "current", "gone", "opening"),
        (spread + 3 * DAY + HOUR, "current", "current", "gone", "gone"),
    ]
    for after, *expected in told:
        found = states_at(keys, after)
        assert [found[kid] for kid in ("2 sig", "2 enc", "1 sig", "1 enc")] == expected, after


def test_in_an_emergency_everything_older_is_gone_in_seconds() -> None:
    """T-22: far below a quarter of an hour; the successor's signature key is published at once."""
    times = rules.urgent(START)
    keys = replaced(first(), times) + generation(2, times)
    assert set(states_at(keys, 0).values()) == {KeyState.CURRENT, KeyState.ANNOUNCED, KeyState.SPREADING}
    after = states_at(keys, rules.SPREAD_SECONDS)
    assert after == {"2 sig": "current", "2 enc": "current", "1 sig": "gone", "1 enc": "gone"}
    assert rules.SPREAD_SECONDS <= 900


@pytest.mark.parametrize("seed", range(20))
def test_processes_agree_however_late_they_look_and_whatever_their_clocks_say(seed: int) -> None:
    """S-15: one process has looked just now and its clock is 4 s ahead, another looked 5 s ago and is 4 s behind."""
    drawn = random.Random(seed)
    announcement = drawn.choice((0, 60, DAY))
    plan = Plan(announcement, overlap=max(announcement, HOUR), rotation=0)
    keys, now = first(), START
    versions = [(0, keys)]
    for number in range(2, 6):
        times = rules.planned(plan, "oidc", now)
        keys = replaced(keys, times) + generation(number, times)
        versions.append((now, keys))
        moments = {key_moment for key in keys for key_moment in (key.published_at, key.current_at, key.leaves_at or 0)}
        for moment in sorted(moments | {now}):
            if moment < now:
                continue
            for real in (moment + round(offset * SECOND) for offset in (-6, -1, 0, 0.5, 3, 6, 20)):
                if real >= now:
                    agree(versions, real)
        now = max(key.current_at for key in keys) + round(drawn.uniform(0, 3 * DAY) * SECOND)


def agree(versions: list[tuple[int, list[Key]]], real: int) -> None:
    views = [
        ([keys for made, keys in versions if made <= real - late * SECOND][-1], real + skew * SECOND)
        for late in (0, 5)
        for skew in (-4, 4)
    ]
    for keys, clock in views:
        signs = {key.kid for key in rules.current(keys, clock) if key.purpose == "sig"}
        offers = {key.kid for key in keys if key.purpose == "enc" and rules.published(key, clock)}
        assert len(signs) == len(rules.current(keys, clock)) - 1 == 1
        for others, other_clock in views:
            assert signs <= {key.kid for key in others if rules.published(key, other_clock)}
            assert offers <= {key.kid for key in others if rules.held(key, other_clock)}


def test_the_next_generation_is_due_when_the_last_is_old_and_in_use() -> None:
    keys, at = first(), START + 90 * DAY * SECOND
    assert not rules.due(keys, "registrar", PLAN, at - 1)
    assert rules.due(keys, "registrar", PLAN, at)
    assert not rules.due(keys, "registrar", Plan(DAY, DAY, 0), at), "0: by hand only"
    times = rules.planned(PLAN, "oidc", at)
    keys = replaced(keys, times) + generation(2, times)
    assert not rules.due(keys, "registrar", PLAN, at + 1), "one at a time"
    assert rules.pending(keys, at) == times.current_at
    assert rules.pending(keys, times.current_at) is None
    assert rules.due(keys, "registrar", PLAN, at + 90 * DAY * SECOND)


def test_nobody_is_told_to_keep_a_key_set_longer_than_a_key_is_announced() -> None:
    assert [rules.kept(Plan(announcement, HOUR, 0)) for announcement in (0, 60, 1800, DAY)] == [15, 60, 1800, 1800]


def test_a_release_that_knows_one_more_algorithm_brings_it_soon() -> None:
    """The set `oidc` lacks RS256 here; what an older release had is kept, too."""
    assert rules.due(first(), "oidc", PLAN, START)
    assert rules.algorithms(first(), "oidc") == ("ES256", "RS256", "RSA-OAEP-256")
    other = [*first(), Key("1 more", "oidc", 1, "ECDH-ES", "enc", START, 0, 0)]
    assert rules.algorithms(other, "oidc") == ("ES256", "RS256", "RSA-OAEP-256", "ECDH-ES")
