"""How values read on the portal's pages: attributes, facts and confirmed things as people say them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ipse.actions.service.histories import masked
from ipse.web.pages import Pages

_PICTURE = {"format", "value"}


@dataclass(frozen=True, slots=True)
class Words:
    """Words in one language."""

    pages: Pages
    language: str

    def of(self, id_: str, fallback: str = "") -> str:
        """A text, or what stands in for one that there is none of."""
        try:
            return self.pages.text(self.language, id_)
        except KeyError:
            return fallback or id_.rpartition(".")[2].replace("_", " ")

    def attribute(self, name: str) -> str:
        """What people call an attribute of a partner."""
        return self.of(f"fallback.attribute.{name}", name)

    def field(self, name: str) -> str:
        """What people call a member of what is kept."""
        return self.of(f"portal.field.{name}", name.replace("_", " "))

    def shared(self, entry: Mapping[str, Any], full: Mapping[str, Any] | None = None) -> str:
        """The value of something shared: masked, unless it is among `full`."""
        if full is not None and entry["name"] in full:
            return self.value(full[entry["name"]])
        return self.value(entry.get("value", entry.get("masked", "")))

    def value(self, value: object) -> str:
        """A value as one line."""
        if value is None or value == "":
            return "–"
        if isinstance(value, bool):
            return self.of("portal.yes" if value else "portal.no")
        if isinstance(value, Mapping):
            return self._members(value)
        if isinstance(value, Iterable) and not isinstance(value, str):
            return ", ".join(self.value(each) for each in value)
        return str(value)

    def _members(self, value: Mapping[str, object]) -> str:
        if value.keys() >= _PICTURE:
            return self.of("portal.picture")
        if value.get("formatted"):
            return str(value["formatted"])
        return ", ".join(self.value(each) for each in value.values() if each not in (None, ""))

    def masked(self, value: object) -> str:
        """A value of which only the last two characters show; of one with members, none."""
        return masked(value)

    def picture(self, value: object) -> str:
        """The data address of a picture; empty for anything else."""
        if isinstance(value, Mapping) and value.keys() >= _PICTURE:
            return f"data:{value['format']};base64,{value['value']}"
        return ""
