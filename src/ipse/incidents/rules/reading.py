"""Reading what operators give: refused with words that say how to mend it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from ipse.incidents.errors import MalformedIncident
from ipse.incidents.model import (
    COMPONENT_KINDS,
    COMPONENTS,
    LANGUAGES,
    Extent,
    Function,
    Incident,
    State,
    Words,
)

MOST_CHARACTERS: Final = {"title": 120, "sentence": 240, "text": 4000, "technical": 8000, "post_mortem": 20_000}
_ACTIVATION: Final = (Function.ACTIVATION,)
_FUNCTIONS: Final = {
    "sign-in": (Function.LOGIN, Function.CONFIRMATION, Function.SIGNING),
    "approval": (Function.LOGIN, Function.CONFIRMATION, Function.SIGNING),
    "enrolment-card": _ACTIVATION,
    "enrolment-bank": _ACTIVATION,
    "signing": (Function.SIGNING,),
    "partner-api": (Function.LOGIN,),
    "mobile-operator": (Function.ACTIVATION, Function.RECOVERY),
}


def words(given: Mapping[str, str], what: str) -> dict[str, str]:
    """A text in all four languages, cut to nothing.

    Raises:
        MalformedIncident: a language is missing, or a text is too long.
    """
    found = {language: given.get(language, "").strip() for language in LANGUAGES}
    missing = [language for language, text in found.items() if not text]
    if missing:
        raise MalformedIncident(public=f"The {what} lacks {', '.join(missing)}: people read four languages")
    unknown = sorted(given.keys() - found.keys())
    if unknown:
        raise MalformedIncident(public=f"The {what} has {', '.join(unknown)}: give nl, fr, de and en")
    most = MOST_CHARACTERS[what]
    for language, text in found.items():
        if len(text) > most:
            raise MalformedIncident(public=f"The {what} in {language} has {len(text)} characters; at most {most}")
    return found


def technical(given: str) -> str:
    """What is said to specialists.

    Raises:
        MalformedIncident: too long.
    """
    text = given.strip()
    if len(text) > MOST_CHARACTERS["technical"]:
        raise MalformedIncident(public=f"The technical text has more than {MOST_CHARACTERS['technical']} characters")
    return text


def components(given: Iterable[str], known: Iterable[str] | None = None) -> tuple[str, ...]:
    """Component ids, each once; `known` are those that this installation has.

    Raises:
        MalformedIncident: none, or one that there is not.
    """
    found = tuple(dict.fromkeys(given))
    if not found:
        raise MalformedIncident(public="Name at least one component")
    all_known = None if known is None else [*known]
    for each in found:
        if (each not in all_known) if all_known is not None else kind_of(each) is None:
            choose = ", ".join(all_known if all_known is not None else [*COMPONENTS, *COMPONENT_KINDS])
            raise MalformedIncident(public=f"There is no component {each[:60]!r}; there are {choose}")
    return found


def kind_of(component: str) -> str | None:
    """The kind of a component: its id without a bank's or mobile operator's."""
    if component in COMPONENTS:
        return component
    return next((kind for kind in COMPONENT_KINDS if component.startswith(f"{kind}-")), None)


def functions_of(affected: Iterable[str]) -> tuple[Function, ...]:
    """What people cannot do as usual when these components are hit."""
    return tuple(dict.fromkeys(function for each in affected for function in _FUNCTIONS.get(kind_of(each) or "", ())))


def moments(started_at: int, aware_at: int, *, now: int) -> None:
    """See that the times of a new incident can be.

    Raises:
        MalformedIncident: in the future, or known before it began.
    """
    if started_at > now or aware_at > now:
        raise MalformedIncident(public="An incident has begun, and somebody knows of it: both lie in the past")
    if aware_at < started_at:
        raise MalformedIncident(public="Nobody knows of an incident before it began: mend started or aware")


def window(starts_at: int, ends_at: int, *, now: int) -> None:
    """See that a planned window can be.

    Raises:
        MalformedIncident: it has begun, or ends before it begins.
    """
    if starts_at <= now:
        raise MalformedIncident(public="Maintenance is announced before it begins; what has begun is an incident")
    if ends_at <= starts_at:
        raise MalformedIncident(public="Maintenance ends after it begins")


def extent(before: Extent, better: Mapping[str, object]) -> Extent:
    """The numbers with what is known better now.

    Raises:
        MalformedIncident: a member that there is not, or a value that cannot be.
    """
    try:
        found = msgspec.convert({**msgspec.to_builtins(before), **better}, type=Extent)
    except msgspec.ValidationError as error:
        raise MalformedIncident(public=f"The numbers cannot be: {error}") from error
    counts = (found.people, found.partners, found.limited_people, found.limited_partners, found.compromised_people,
              found.compromised_partners)  # fmt: skip
    if any(count is not None and count < 0 for count in counts):
        raise MalformedIncident(public="The numbers cannot be: nothing is counted below zero")
    return found


def end(incident: Incident, ended_at: int | None, state: State, *, now: int) -> int | None:
    """When an incident that comes to this state ended; None: it goes on.

    Raises:
        MalformedIncident: in the future, or before it began.
    """
    if state is not State.RESOLVED:
        return incident.ended_at
    found = incident.ended_at or now if ended_at is None else ended_at
    if not incident.started_at <= found <= now:
        raise MalformedIncident(public="An incident ends after it began, and not in the future")
    return found


def unnamed(text: Words | None, default: Words) -> dict[str, str]:
    """A text that was given, or the usual one."""
    return dict(default if text is None else text)
