"""How a notice reads: short, in the person's language, and how to stop what was not them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

from ipse.kernel.clock import SECOND
from ipse.notices.model import NoticeKind, Sender

_AFTER_A_BLOCK: Final = {NoticeKind.BLOCKED, NoticeKind.WRONG_CODES, NoticeKind.SIM_CHANGED}
_NOTHING_TO_STOP: Final = {
    NoticeKind.EVIDENCE_EXPIRING,
    NoticeKind.EVIDENCE_EXPIRED,
    NoticeKind.SIM_READY,
    NoticeKind.DATA_VIEWED,
}
_LONGEST_NAME: Final = 40


class Texts(Protocol):
    """The texts of one language."""

    def text(self, id_: str, /, **values: object) -> str:
        """One text by its id."""

    def ids(self) -> frozenset[str]:
        """Every id."""


@dataclass(frozen=True, slots=True)
class Written:
    """One notice as its person reads it."""

    subject: str
    mail: str
    sms: str


def stop(kind: NoticeKind) -> str:
    """Which sentence says how to stop it."""
    if kind in _AFTER_A_BLOCK:
        return "activate"
    if kind in _NOTHING_TO_STOP:
        return "none"
    if kind is NoticeKind.DELETED:
        return "late"
    return "app" if kind is NoticeKind.SECOND_ENROLMENT else "block"


def write(
    kind: NoticeKind, texts: Texts, sender: Sender, *, first_name: str, at: int, facts: Mapping[str, str]
) -> Written:
    """Write a notice; `at` in microseconds. Nothing of the person is in it but a first name, by mail only."""
    values = {"scheme": sender.scheme, "url": sender.block_url, "why": _why(texts, sender, facts)}
    sentence = texts.text(f"notices.{kind}.text", **values)
    advice = texts.text(f"notices.stop.{stop(kind)}", **values)
    when = datetime.fromtimestamp(at // SECOND, UTC).strftime("%Y-%m-%d %H:%M")
    # A name is what somebody typed at a registrar: one short line of it, so that nobody writes a letter of his own.
    name = " ".join(first_name.split())[:_LONGEST_NAME]
    hello = texts.text("notices.hello", name=name) if name else texts.text("notices.hello_nobody")
    parts = (hello, sentence, texts.text("notices.when", when=when), advice, texts.text("notices.signature", **values))
    return Written(
        subject=texts.text(f"notices.{kind}.subject", **values),
        mail="\n\n".join(part for part in parts if part) + "\n",
        sms=" ".join(part for part in (f"{sender.scheme}: {sentence}", advice) if part),
    )


def _why(texts: Texts, sender: Sender, facts: Mapping[str, str]) -> str:
    id_ = f"notices.why.{facts.get('why', 'other')}"
    return texts.text(id_ if id_ in texts.ids() else "notices.why.other", scheme=sender.scheme)
