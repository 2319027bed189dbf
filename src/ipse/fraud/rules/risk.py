"""What signals lead to: one table, read from top to bottom; the strongest verdict of all rules that fit counts."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, NamedTuple

from ipse.fraud.model import Place, Risk, Signal, Verdict

SCAN, LINK, SENT = "qr", "link", "push"
"""How a phone came to a request: by the code on a screen, by a link on the same phone, or sent to it."""


class Rule(NamedTuple):
    """With all these signals, after one of these starts: this verdict."""

    signals: frozenset[Signal]
    starts: frozenset[str]
    verdict: Verdict


def _rule(verdict: Verdict, starts: tuple[str, ...], *signals: Signal) -> Rule:
    return Rule(frozenset(signals), frozenset(starts), verdict)


RULES: Final = (
    _rule(Verdict.REFUSE, (SCAN, SENT), Signal.REPORTED, Signal.FAR),
    _rule(Verdict.STEP_UP, (SCAN, SENT), Signal.FAR),
    _rule(Verdict.STEP_UP, (SCAN, SENT), Signal.CALL),
    _rule(Verdict.WARN, (SCAN, LINK, SENT), Signal.REPORTED),
    _rule(Verdict.WARN, (LINK,), Signal.CALL),
)
"""After a link the browser is on the phone itself, so a distance between the two says nothing (T-7)."""
_ORDER: Final = tuple(Verdict)


class Facts(NamedTuple):
    """What is known when a phone takes a request."""

    start: str
    browser: Place | None
    phone: Place | None
    far: bool
    reported: bool
    on_call: bool


def judge(facts: Facts) -> Risk:
    """The risk of one claim."""
    same_phone = facts.start == LINK
    noticed = {
        Signal.FAR: facts.far and not same_phone,
        Signal.REPORTED: facts.reported,
        Signal.CALL: facts.on_call,
    }
    signals = tuple(signal for signal, there in noticed.items() if there)
    return Risk(
        verdict=verdict_of(signals, facts.start),
        signals=signals,
        browser=None if same_phone else facts.browser,
        phone=None if same_phone else facts.phone,
        lowered=Signal.FAR in signals,
    )


def verdict_of(signals: Collection[Signal], start: str) -> Verdict:
    """The strongest verdict of the rules that fit."""
    fitting = [rule.verdict for rule in RULES if start in rule.starts and rule.signals <= set(signals)]
    return max(fitting, key=_ORDER.index, default=Verdict.NONE)
