"""The usual words, in four languages, so that nobody has to find and translate them in the middle of the night."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ipse.incidents.model import LANGUAGES, Function, Guide, Impact, Kind, State, Way
from ipse.incidents.rules.reading import kind_of
from ipse.web.languages import Texts

WAYS: Final = {
    Function.LOGIN: (Way.EID_CARD, Way.BANK, Way.PASSKEY, Way.SHEET, Way.LATER),
    Function.CONFIRMATION: (Way.LATER, Way.HELP_DESK),
    Function.SIGNING: (Way.LATER,),
    Function.ACTIVATION: (Way.EID_CARD, Way.BANK, Way.LATER),
    Function.RECOVERY: (Way.HELP_DESK, Way.LATER),
}
"""How to go on with each function, unless an operator says otherwise."""


@dataclass(frozen=True)
class Wording:
    """Texts of this feature."""

    texts: Mapping[str, Texts]

    def in_all(self, id_: str, /, **values: Mapping[str, str]) -> dict[str, str]:
        """A text in four languages; each value is one, too."""
        return {
            language: self.texts[language].text(
                f"incidents.{id_}", **{name: value[language] for name, value in values.items()}
            )
            for language in LANGUAGES
        }

    def component(self, component: str, names: Mapping[str, str]) -> dict[str, str]:
        """What a component is called; `names` are those of banks and mobile operators, by the component's id."""
        kind = kind_of(component) or "sign-in"
        if kind == component:
            return self.in_all(f"component.{kind}")
        own = names.get(component) or component.removeprefix(f"{kind}-")
        return self.in_all(f"component.{kind}", name=dict.fromkeys(LANGUAGES, own))

    def title(self, kind: Kind, components: Iterable[str], names: Mapping[str, str]) -> dict[str, str]:
        """What an incident is called: the component, or what kind it is where that is not the point."""
        if kind is Kind.OUTAGE:
            return self.component(next(iter(components)), names)
        return self.in_all(f"kind.{kind}")

    def sentence(
        self, kind: Kind, impact: Impact, components: Iterable[str], names: Mapping[str, str]
    ) -> dict[str, str]:
        """One calm sentence."""
        if kind is not Kind.OUTAGE:
            return self.in_all("sentence.security")
        return self.in_all(f"sentence.{impact}", what=self.component(next(iter(components)), names))

    def maintenance(self, components: Iterable[str], names: Mapping[str, str]) -> dict[str, str]:
        """What planned maintenance means for people."""
        return self.in_all("maintenance.text", what=self.component(next(iter(components)), names))

    def update(self, state: State) -> dict[str, str]:
        """What an entry of a timeline says."""
        return self.in_all(f"update.{state}")

    def guides(
        self, functions: Iterable[Function], ways: Mapping[Function, tuple[Way, ...]] | None = None
    ) -> tuple[Guide, ...]:
        """How to go on with each function."""
        chosen = {**WAYS, **(ways or {})}
        return tuple(Guide(each, chosen[each], self.in_all(f"guide.{each}")) for each in functions)
