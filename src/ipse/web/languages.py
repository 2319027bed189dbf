"""Four languages: which one a person reads, and every text by its id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib import resources

import msgspec

LANGUAGES = ("nl", "fr", "de", "en")
DEFAULT = "en"
MOST_CHARACTERS = 400
"""Longer preferences are cut: they come from outside and nobody reads that many languages."""


@lru_cache(maxsize=1024)
def choose(ui_locales: str | None, accept_language: str | None, default: str = DEFAULT) -> str:
    """The language to speak.

    What the partner asked (`ui_locales`, OpenID Connect Core §3.1.2.1), else what the browser prefers (RFC 9110
    §12.5.4), else `default`.
    """
    for tag in (ui_locales or "")[:MOST_CHARACTERS].split():
        if (language := _primary(tag)) in LANGUAGES:
            return language
    for tag in _by_weight((accept_language or "")[:MOST_CHARACTERS]):
        if (language := _primary(tag)) in LANGUAGES:
            return language
    return default


def _primary(tag: str) -> str:
    return tag.strip().lower().replace("_", "-").partition("-")[0]


def _by_weight(header: str) -> Iterable[str]:
    weighted = []
    for place, part in enumerate(header.split(",")):
        tag, _, parameters = part.partition(";")
        weight = 1.0
        name, _, value = parameters.strip().partition("=")
        if name.strip().lower() == "q":
            try:
                weight = float(value)
            except ValueError:
                weight = 0.0
        if weight > 0:
            weighted.append((-weight, place, tag))
    return [tag for _, _, tag in sorted(weighted)]


class Texts:
    """All texts of some features in one language; ids are `<feature>.<id>`."""

    def __init__(self, language: str, texts: Mapping[str, str]) -> None:
        self.language = language
        self._texts = dict(texts)

    def text(self, id_: str, /, **values: object) -> str:
        """The text, its `{placeholders}` filled in. Plain text: templates escape the whole.

        Raises:
            KeyError: no such id, or a placeholder without a value.
        """
        found = self._texts[id_]
        return found.format_map(values) if values else found

    def ids(self) -> frozenset[str]:
        """Every id."""
        return frozenset(self._texts)


def load(packages: Iterable[str]) -> dict[str, Texts]:
    """Texts of the named packages (`ipse.web`, `ipse.signin`, …), by language.

    Reads `<package>/messages/<language>.json`: flat objects from id to text. Packages without messages are skipped.
    """
    collected: dict[str, dict[str, str]] = {language: {} for language in LANGUAGES}
    for package in packages:
        feature = package.rpartition(".")[2]
        folder = resources.files(package) / "messages"
        for language, texts in collected.items():
            file = folder / f"{language}.json"
            if file.is_file():
                found = msgspec.json.decode(file.read_bytes(), type=dict[str, str])
                texts.update({f"{feature}.{id_}": text for id_, text in found.items()})
    return {language: Texts(language, texts) for language, texts in collected.items()}
