"""The words of a bank's pages in four languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final, Self

import msgspec

LANGUAGES: Final = ("nl", "fr", "de", "en")


def language_of(ui_locales: str, accept_language: str) -> str:
    """The first language we have: as asked by the request, else as the browser prefers, else English."""
    preferred = [part.split(";")[0].strip() for part in accept_language.split(",")]
    for tag in (*ui_locales.split(), *preferred):
        if tag[:2].lower() in LANGUAGES:
            return tag[:2].lower()
    return "en"


@dataclass(frozen=True, slots=True)
class Messages:
    """One language."""

    language: str
    texts: Mapping[str, str]

    @classmethod
    def of(cls, language: str) -> Self:
        """The messages of a language in `LANGUAGES`."""
        return cls(language, _read(language))

    def __call__(self, name: str, **values: str) -> str:
        """A text with its placeholders filled."""
        return self.texts[name].format(**values)

    def told(self, claims: Mapping[str, Mapping[str, Any]]) -> list[str]:
        """What the bank is asked to tell, in words, in the order of the catalogue."""
        asked: set[str] = set()
        for members in claims.values():
            wanted = members.get("verified_claims", {})
            for one in wanted if isinstance(wanted, list) else [wanted]:
                asked |= set(one.get("claims", {}))
            asked |= set(members) - {"verified_claims"}
        found = (self.texts[name] for name in self.texts if name.removeprefix("claim.") in asked)
        return list(dict.fromkeys(found))


@cache
def _read(language: str) -> dict[str, str]:
    text = files(__package__).joinpath("languages", f"{language}.json").read_bytes()
    return msgspec.json.decode(text, type=dict[str, str])
