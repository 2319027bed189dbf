"""The documents that people accept or can read: terms, privacy notice, practice statement (B-3, B-13).

Each is a plain text; its first line is the title (`# …`), `## …` opens a section, `- …` is an item of a list. The
SHA-256 is over the exact text, so that what was accepted can be proven years later. A changed text needs a new version.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Final

from ipse.enrolment.model import PublishedDocument
from ipse.enrolment.rules.requests import LANGUAGES
from ipse.kernel.ids import sha256

VERSIONS: Final = {"terms": "2026-11", "privacy": "2026-11", "practice": "2026-11"}
"""The current version of each kind."""


@cache
def documents() -> tuple[PublishedDocument, ...]:
    """Return every current document in every language."""
    folder = resources.files("ipse.enrolment") / "documents"
    found = []
    for kind, version in VERSIONS.items():
        for language in LANGUAGES:
            text = (folder / f"{kind}.{language}.txt").read_text("utf-8")
            found.append(PublishedDocument(kind, version, language, text, sha256(text).hex()))
    return tuple(found)


def document(kind: str, language: str) -> PublishedDocument | None:
    """Return the current document of a kind in a language."""
    return next((each for each in documents() if each.kind == kind and each.language == language), None)
