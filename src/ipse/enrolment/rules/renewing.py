"""Whom new evidence is about, and what of the older facts stays."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

from ipse.attributes.model import Facts
from ipse.enrolment.model import Answer
from ipse.enrolment.rules import judging

_STAYS = ("email", "phone_number", "stated_phone_number")


def kept(before: Facts, new: Facts) -> Facts:
    """Return the new facts with number and e-mail address as they were: a renewal changes neither."""
    sources = {name: source for name, source in new.sources.items() if name not in _STAYS}
    sources |= {name: source for name, source in before.sources.items() if name in _STAYS}
    return replace(
        new,
        email=before.email,
        phone_number=before.phone_number,
        stated_phone_number=before.stated_phone_number,
        sources=sources,
    )


def known_by(answer: Answer, before: Facts) -> tuple[str, ...]:
    """Return what the person must be known by for the new evidence to be theirs; the first that is known decides.

    Who has a national number is known by it. Who has none is known by the document, or, when the document is a new one,
    by the document before, with the same name, birth date and country.
    """
    new = answer.facts
    alone = not answer.identity.startswith("number\n")
    same = _person(before) == _person(new) and before.document is not None
    former = (judging.identity(before, None),) if alone and same else ()
    return (answer.identity, *former)


def _person(facts: Facts) -> tuple[str, ...]:
    names = f"{facts.family_name}\n{facts.given_name or ''}"
    country = facts.document.country if facts.document else ""
    return (
        unicodedata.normalize("NFKC", names).casefold(),
        facts.birthdate or facts.birthdate_as_string or "",
        country,
    )
