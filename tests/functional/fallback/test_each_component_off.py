"""An essential service is reached whatever breaks: with each component off in turn, every way without it still works.

All of it comes from `partners.rules.fallbacks`: a method or component that is new there fails here until it is tried.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from ipse.partners.rules.fallbacks import COMPONENTS, METHODS, NEEDED, PHONE_CHANNEL, independent
from ipse.sandbox.partner.model import PORTAL
from tests.functional.fallback.town import EXERCISES, NotToday, Town

EVERYTHING = PHONE_CHANNEL.union(*COMPONENTS.values())


@dataclass(frozen=True)
class Off:
    """How a component is turned off: paths of the scheme or the world that answer nothing, or what nobody has."""

    scheme: tuple[str, ...] = ()
    world: tuple[str, ...] = ()
    lost: frozenset[str] = frozenset()


SWITCHES = {
    "the phone channel": Off(scheme=("/phone/",)),
    "the app's origin": Off(),  # nothing listens there in this test at all: no other way may ask it
    "push service": Off(world=("/push",)),
    "mobile operator": Off(world=("/operators",)),
    "the bank": Off(world=("/banks",)),
    "card reader": Off(world=("/eid/api",)),
    "revocation service of the card": Off(world=("/eid/ocsp", "/eid/crl")),
    "the person's device": Off(lost=frozenset({"the person's device"})),
    "paper": Off(lost=frozenset({"paper"})),
}


@pytest.fixture
def engine() -> str:
    """One database will do: nothing here is about SQL."""
    return "sqlite"


def test_every_component_has_a_switch_and_every_method_an_exercise() -> None:
    assert set(SWITCHES) == set(EVERYTHING)
    assert set(EXERCISES) == set(METHODS)


def test_the_portal_is_essential_and_allows_enough() -> None:
    assert PORTAL.login.essential
    assert len(independent(PORTAL.login.fallbacks)) >= NEEDED


async def test_with_each_component_off_the_portal_is_reached(town: Town) -> None:
    """Whatever is off: the ways that do not need it work, at least one; those that need it do not."""
    for component, off in SWITCHES.items():
        town.switches["scheme"].off, town.switches["world"].off, town.lost = off.scheme, off.world, off.lost
        town.clock.ahead += 31  # an app shows the next code
        worked = [method for method in PORTAL.login.fallbacks if await _works(town, method)]
        expected = [method for method in PORTAL.login.fallbacks if component not in COMPONENTS[method]]
        assert worked == expected, component
        assert worked, component


async def test_without_the_whole_phone_channel_two_ways_are_left(town: Town) -> None:
    parts = [SWITCHES[component] for component in PHONE_CHANNEL]
    town.switches["scheme"].off = tuple(path for part in parts for path in part.scheme)
    town.switches["world"].off = tuple(path for part in parts for path in part.world)
    town.lost = frozenset().union(*(part.lost for part in parts))
    worked = [method for method in PORTAL.login.fallbacks if await _works(town, method)]
    assert worked == independent(PORTAL.login.fallbacks)
    assert len(worked) >= NEEDED


async def _works(town: Town, method: str) -> bool:
    try:
        return bool(await asyncio.to_thread(town.log_in, method))
    except NotToday:
        return False
