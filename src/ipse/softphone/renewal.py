"""New evidence for the identity of this phone: a visit to a registrar, with the phone in hand."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ipse.softphone import browser, world
from ipse.softphone.cards import CardSlot
from ipse.softphone.channel import Answer, Channel
from ipse.softphone.connections import connect
from ipse.softphone.messages import Writer


@dataclass(frozen=True, slots=True)
class Renewed:
    """What a renewal brought."""

    registrar: str
    expires_at: int | None
    """Unix seconds: when the new evidence ends."""
    received: tuple[Mapping[str, Any], ...]
    """What the registrar said of the person."""


def renew(
    channel: Channel,
    writer: Writer,
    registrar: str,
    person: str,
    *,
    pin: str | None = None,
    tls: ssl.SSLContext | None = None,
) -> Renewed:
    """Run a whole renewal; `person` logs in at the bank, as in an activation, or uses their card with `pin`."""
    begun = begin(channel, writer, registrar)
    base = channel.store.load().base
    origin, slot = writer.configuration(base).app_origin, None
    if pin is not None:
        slot = CardSlot(world.read(channel.http, world.address(base)).eid.api, person, pin)
    # A browser of its own: the phone's connection has no cookies, and none of these may stay behind.
    with connect(tls) as visitor:
        value = browser.walk(
            visitor,
            begun["start_url"],
            app_origin=origin,
            answers={"person": person, "decision": "approve"},
            slot=slot,
        )
    done = bring(channel, writer, begun["enrolment"], value)
    return Renewed(done["registrar"]["name"], done["evidence"]["expires_at"], tuple(done["received"]))


def begin(channel: Channel, writer: Writer, registrar: str) -> Answer:
    """Say where evidence shall come from; the answer's `start_url` is for a browser."""
    return channel.exchange("renew", lambda state: writer.signed(state, "renew", "renew", registrar=registrar))


def bring(channel: Channel, writer: Writer, enrolment: str, value: str) -> Answer:
    """Present the one-time value of the return."""
    return channel.exchange(
        "renewal-return",
        lambda state: writer.signed(state, "renewal-return", "renewal-return", enrolment=enrolment, value=value),
    )
