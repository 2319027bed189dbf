"""The words of a bank's pages in four languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Self

import msgspec


@dataclass(frozen=True, slots=True)
class Messages:
    """One language."""

    language: str
    texts: Mapping[str, str]

    @classmethod
    def of(cls, language: str) -> Self:
        """The messages of a language in `web.languages`."""
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
