"""From times to states, and from a moment to the times of the next generation. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ipse.kernel.clock import SECOND
from ipse.kernel.keystore import SIGNING_KEY_ALGORITHMS
from ipse.keyring.model import Key, KeyState, Plan

_HALF_HOUR = 1800
SPREAD_SECONDS = 15
"""A new key is known to every process before anybody outside hears of it: three times the polling interval, and some
seconds by which clocks of two servers may differ."""


@dataclass(frozen=True, slots=True)
class Times:
    """What making a generation decides, in microseconds: for its own keys, and for those it replaces."""

    made_at: int
    published_at: int
    """Of signature keys."""
    offered_at: int
    """Published, of decryption keys: never before every process can open with them."""
    current_at: int
    signing_leave_at: int
    signing_gone_at: int
    opening_leave_at: int
    opening_gone_at: int


def kept(plan: Plan) -> int:
    """How long we let others keep a key set: half an hour, unless keys are announced for a shorter time."""
    return min(_HALF_HOUR, max(plan.announcement, SPREAD_SECONDS))


def planned(plan: Plan, key_set: str, now: int) -> Times:
    """A rotation that nobody notices: announced, then used; what it replaces stays until it is needed no more."""
    published = now + SPREAD_SECONDS * SECOND
    # However short the announcement: every process publishes a key before the first one signs with it.
    current = published + max(plan.announcement, SPREAD_SECONDS) * SECOND
    leave = current + plan.overlap * SECOND
    opened_until = current + plan.opening(key_set) * SECOND
    return Times(now, published, published, current, leave, leave, current, opened_until)


def urgent(now: int) -> Times:
    """A key is in wrong hands: its successor signs as soon as every process knows it, and all older keys are gone."""
    current = now + SPREAD_SECONDS * SECOND
    return Times(now, now, current, current, current, current, current, current)


def newest(keys: Iterable[Key]) -> tuple[Key, ...]:
    """The keys of the newest generation."""
    keys = tuple(keys)
    last = max((key.generation for key in keys), default=0)
    return tuple(key for key in keys if key.generation == last)


def algorithms(keys: Iterable[Key], key_set: str) -> tuple[str, ...]:
    """What the next generation holds: all that this release knows, and what the last one had."""
    return tuple(dict.fromkeys((*SIGNING_KEY_ALGORITHMS[key_set], *(key.algorithm for key in newest(keys)))))


def due(keys: Iterable[Key], key_set: str, plan: Plan, now: int) -> bool:
    """Whether the next generation is to be made: the last is in use, and old enough or short of an algorithm."""
    last = newest(keys)
    if not last or not plan.rotation or any(key.current_at > now for key in last):
        return False
    old = now >= max(key.made_at for key in last) + plan.rotation * SECOND
    return old or not set(SIGNING_KEY_ALGORITHMS[key_set]) <= {key.algorithm for key in last}


def pending(keys: Iterable[Key], now: int) -> int | None:
    """When the announced generation begins to sign, or None when there is none."""
    return max((key.current_at for key in keys if key.current_at > now), default=None)


def states(keys: Sequence[Key], now: int) -> Iterator[tuple[Key, KeyState]]:
    """Each key of one set with its state, the newest generation first."""
    used = current(keys, now)
    for key in sorted(keys, key=lambda key: (-key.generation, key.purpose != "sig", key.algorithm)):
        yield key, _state(key, used, now)


def current(keys: Iterable[Key], now: int) -> tuple[Key, ...]:
    """The key in use of each algorithm, signature keys first."""
    found: dict[str, Key] = {}
    for key in keys:
        other = found.get(key.algorithm)
        if (
            key.current_at <= now
            and not _over(key.gone_at, now)
            and (other is None or other.generation < key.generation)
        ):
            found[key.algorithm] = key
    return tuple(sorted(found.values(), key=lambda key: (key.purpose != "sig", key.algorithm)))


def published(key: Key, now: int) -> bool:
    """Whether others may see it."""
    return key.published_at <= now and not _over(key.leaves_at, now)


def held(key: Key, now: int) -> bool:
    """Whether we may still use it in any way."""
    return not _over(key.gone_at, now)


def next_change(keys: Iterable[Key], now: int) -> int | None:
    """The next moment at which a state changes by itself."""
    moments = (
        moment for key in keys for moment in (key.published_at, key.current_at, key.leaves_at, key.gone_at) if moment
    )
    return min((moment for moment in moments if moment > now), default=None)


def _state(key: Key, used: Sequence[Key], now: int) -> KeyState:
    if not held(key, now):
        return KeyState.GONE
    if key in used:
        return KeyState.CURRENT
    if published(key, now):
        return KeyState.ANNOUNCED if key.current_at > now else KeyState.RETIRED
    return KeyState.SPREADING if key.published_at > now else KeyState.OPENING


def _over(moment: int | None, now: int) -> bool:
    return moment is not None and moment <= now
