"""What an answer does to the phone's memory, whenever it arrives: at once, or after a crash by a later process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ipse.softphone import signing
from ipse.softphone.state import Claimed, Signer, State, remember_claim

Document = Mapping[str, Any]

_ENDS_THE_PHONE = frozenset({"unknown_phone", "phone_stopped", "phone_copied"})


def _enrolled(state: State, _subject: str, answer: Document) -> None:
    state.phone = answer["phone"]
    state.enrolment = answer["enrolment"]


def _activated(state: State, _subject: str, _answer: Document) -> None:
    _code_changed(state, _subject, {"code_key_id": state.next_code_key_id})
    state.enrolment = ""
    state.active = True
    state.stopped = ""


def _paired(state: State, _subject: str, answer: Document) -> None:
    state.phone = answer["phone"]
    state.enrolment = answer["pairing"]


def _deleted(state: State, _subject: str, _answer: Document) -> None:
    state.stopped = "deleted"


def _claimed(state: State, subject: str, answer: Document) -> None:
    if not answer.get("waiting"):
        remember_claim(state, subject, Claimed(action=answer["action"], start=answer["start"]))


def _code_changed(state: State, _subject: str, answer: Document) -> None:
    state.code_key_id = answer["code_key_id"]
    state.next_code_key_id = ""
    state.signers = []
    kept = (state.code_key_id, state.spare_code_key_id)
    state.salts = {key_id: salt for key_id, salt in state.salts.items() if key_id in kept}


def _removed(state: State, _subject: str, _answer: Document) -> None:
    state.stopped = "removed"


def _fingerprint_removed(state: State, subject: str, _answer: Document) -> None:
    state.fingers.pop(subject, None)


def _not_woken(state: State, _subject: str, _answer: Document) -> None:
    state.waking = None


_EFFECTS: dict[str, Callable[[State, str, Document], None]] = {
    "enrol": _enrolled,
    "activate": _activated,
    "claim": _claimed,
    "change-code": _code_changed,
    "remove": _removed,
    "pair": _paired,
    "take-over": _activated,
    "delete-identity": _deleted,
    "remove-fingerprint": _fingerprint_removed,
    "unpush": _not_woken,
}


def _split(purpose: str) -> tuple[str, str]:
    kind, _, subject = purpose.partition(" ")
    return kind, subject


def apply(state: State, purpose: str, answer: Document, signer: Signer | None = None) -> None:
    """Take over what an answer says: the new chain value, and what that kind of message changes.

    `signer` is of the certificate that the message has made, if it was approved.
    """
    kind, subject = _split(purpose)
    _take_chain(state, answer)
    effect = _EFFECTS.get(kind)
    if effect:
        effect(state, subject, answer)
    if signer is not None and answer.get("outcome") == "approved":
        signing.keep(state, signer)


def refuse(state: State, purpose: str, problem: Document) -> None:
    """Take over what an error says: a chain value if it counted, the end of the phone, a code that stays."""
    kind, subject = _split(purpose)
    _take_chain(state, problem)
    if kind == "add-fingerprint":
        state.fingers.pop(subject, None)
    if kind == "push":
        state.waking = None
    if problem.get("code") in _ENDS_THE_PHONE:
        state.stopped = str(problem.get("why") or problem["code"])
    if kind in {"change-code", "activate", "take-over"} and state.next_code_key_id:
        state.salts.pop(state.next_code_key_id, None)
        state.next_code_key_id = ""


def _take_chain(state: State, document: Document) -> None:
    chain = document.get("chain")
    if isinstance(chain, str):
        state.chain = chain
