"""Envelopes put together, where people sign at all."""

from __future__ import annotations

from ipse.actions.service import Actions
from ipse.app.given import Given
from ipse.app.signing import SigningParts
from ipse.attributes.service import Attributes
from ipse.documents.model import Level
from ipse.envelopes.service import Envelopes, Means, build_envelopes
from ipse.envelopes.service.parties import Letter


def open_envelopes(
    given: Given, parts: SigningParts, actions: Actions, attributes: Attributes, letter: Letter
) -> Envelopes | None:
    """Put them together; None where nothing is signed."""
    settings, evidence = given.settings, parts.evidence
    if settings.signing is None or parts.documents is None or evidence is None:
        return None
    papers = settings.signing.papers
    means = Means(
        signing=parts.signing,
        documents=parts.documents,
        ask=evidence,
        authorities=lambda: evidence.authorities,
        level=Level(papers.level),
        quality=settings.signing.certification.quality,
        papers=papers,
    )
    return build_envelopes(actions, attributes, means, letter=letter, scheme=settings.name, origin=settings.base_url)
