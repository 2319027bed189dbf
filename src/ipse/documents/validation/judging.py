"""One file, one verdict."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from typing import Final

import msgspec

from ipse.documents.model import Ask
from ipse.documents.validation.cades import is_signed_data, judge_cades
from ipse.documents.validation.chains import Chains, utc
from ipse.documents.validation.container import Unpackable, begins_as_container, ends_as_container
from ipse.documents.validation.model import (
    Changes,
    Indication,
    Judgement,
    Question,
    Reason,
    Validation,
    Verdict,
    Why,
)
from ipse.documents.validation.pdf import Unreadable, judge_pdf
from ipse.documents.validation.report import report
from ipse.documents.validation.xades import judge_asic

_HEADER: Final = 1024
_HARMLESS: Final = frozenset({Changes.NONE, Changes.EVIDENCE, Changes.SIGNATURES})
_NOT_SAID: Final = frozenset(
    {Why.UNKNOWN_FORMAT, Why.ENCRYPTED, Why.NO_SIGNATURE, Why.TOO_MANY, Why.UNREADABLE, Why.HYBRID}
)
"""About these nobody can say more: honest tools write such files, too. Whatever else is wrong with a whole file is an
attack on its reader."""


async def judge(question: Question, ask: Ask) -> Validation:
    """Judge a file."""
    # The libraries tell their log what they meet, names of people included.
    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
    logging.getLogger("pyhanko_certvalidator").setLevel(logging.CRITICAL)
    chains = Chains(question.anchors, ask, utc(question.now))
    content = question.content
    reasons: tuple[Reason, ...] = ()
    judged: list[Judgement] = []
    kind = _format(content)
    try:
        if kind == "ASiC-E":
            contained = await judge_asic(question, chains)
            judged, reasons = contained.signatures, contained.reasons
        elif kind == "PDF":
            judged = await judge_pdf(question, chains)
        elif kind == "CAdES":
            judged = await judge_cades(question, chains)
        else:
            reasons = (Reason(Why.UNKNOWN_FORMAT),)
    except Unreadable as unreadable:
        reasons = (Reason(unreadable.why),)
    except Unpackable as unpackable:
        reasons = (Reason(unpackable.why, unpackable.detail),)
    if not judged and not reasons:
        reasons = (Reason(Why.NO_SIGNATURE),)
    validation = Validation(
        verdict=verdict(judged, reasons),
        format=kind,
        name=question.name,
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        judged_at=question.now,
        reasons=reasons,
        signatures=tuple(judged),
    )
    return msgspec.structs.replace(validation, report=report(validation)) if judged else validation


def _format(content: bytes) -> str:
    """A container may hold a PDF near its beginning; a PDF never begins as a container does."""
    if begins_as_container(content):
        return "ASiC-E"
    if b"%PDF-" in content[:_HEADER]:
        return "PDF"
    if is_signed_data(content):
        return "CAdES"
    return "ASiC-E" if ends_as_container(content) else ""


def verdict(judged: Sequence[Judgement], reasons: Sequence[Reason]) -> Verdict:
    """What a person is told. The worst decides; whoever signs later does not make good what was wrong before."""
    if any(each.indication is Indication.FAILED for each in judged):
        return Verdict.INVALID
    if not judged:
        return Verdict.UNKNOWN if all(each.code in _NOT_SAID for each in reasons) else Verdict.INVALID
    if any(each.indication is Indication.INDETERMINATE for each in judged if each.kind == "signature"):
        return Verdict.UNKNOWN
    signed = [each for each in judged if each.kind == "signature"]
    if not signed:
        return (
            Verdict.UNKNOWN if any(each.indication is not Indication.PASSED for each in judged) else _by_changes(judged)
        )
    return Verdict.CHANGED if reasons else _by_changes(signed)


def _by_changes(judged: Sequence[Judgement]) -> Verdict:
    return Verdict.UNCHANGED if all(each.changes in _HARMLESS for each in judged) else Verdict.CHANGED
