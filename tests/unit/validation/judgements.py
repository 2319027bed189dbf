"""A judgement to tell of."""

from __future__ import annotations

from ipse.documents.validation.model import Indication, Judgement


def judgement(*commitment: str) -> Judgement:
    return Judgement(name="Signature1", format="PAdES", indication=Indication.PASSED, commitment=commitment)
