"""The Atom feed (RFC 4287): what operators tell, and what was seen, newest first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree as ET

from ipse.kernel.clock import SECOND
from ipse.kernel.clock import text as written
from ipse.status.files import Text
from ipse.status.model import Board, Change

MOST: Final = 50
_ATOM: Final = "http://www.w3.org/2005/Atom"

Words = Callable[..., str]


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened."""

    id: str
    at: int
    title: str
    text: str
    address: str


def entries(board: Board, changes: list[Change], address: str, language: str, words: Words) -> list[Entry]:
    """Everything there is, newest first."""
    found = [*_told(board, address, language, words), *_seen(board, changes, address, language, words)]
    return sorted(found, key=lambda entry: (-entry.at, entry.id))[:MOST]


def atom(found: list[Entry], *, title: str, address: str, language: str, at: int) -> bytes:
    """The feed as XML."""
    ET.register_namespace("", _ATOM)
    feed = ET.Element(f"{{{_ATOM}}}feed", {"{http://www.w3.org/XML/1998/namespace}lang": language})
    _add(feed, "id", f"{address}/feed.atom?lang={language}")
    _add(feed, "title", title)
    _add(feed, "updated", written((found[0].at if found else at) * SECOND))
    ET.SubElement(feed, f"{{{_ATOM}}}link", {"rel": "self", "href": f"{address}/feed.atom?lang={language}"})
    ET.SubElement(feed, f"{{{_ATOM}}}link", {"href": f"{address}/?lang={language}"})
    _add(ET.SubElement(feed, f"{{{_ATOM}}}author"), "name", title)
    for entry in found:
        element = ET.SubElement(feed, f"{{{_ATOM}}}entry")
        _add(element, "id", entry.id)
        _add(element, "title", entry.title)
        _add(element, "updated", written(entry.at * SECOND))
        ET.SubElement(element, f"{{{_ATOM}}}link", {"href": entry.address})
        _add(element, "content", entry.text).set("type", "text")
    document: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return document


def said(text: Text, language: str) -> str:
    """A text in a language, or in the one that is there."""
    return text.get(language) or text.get("en") or next(iter(text.values()), "")


def _told(board: Board, address: str, language: str, words: Words) -> Iterator[Entry]:
    for incident in board.incidents:
        place, title = f"{address}/incidents/{incident.id}", said(incident.title, language)
        link = f"{place}?lang={language}"
        yield Entry(place, incident.started_at, title, said(incident.sentence, language), link)
        for update in incident.updates:
            headed = f"{title}: {words(f'status.stage.{update.state}')}"
            yield Entry(f"{place}#{update.id}", update.at, headed, said(update.text, language), link)
        if incident.post_mortem:
            text, at = said(incident.post_mortem.text, language), incident.post_mortem.published_at
            yield Entry(f"{place}#post-mortem", at, f"{title}: {words('status.post_mortem')}", text, link)
    for window in board.maintenance:
        title = words("status.feed.maintenance", title=said(window.title, language))
        link = f"{address}/maintenance?lang={language}"
        yield Entry(f"{address}/maintenance#{window.id}", window.announced_at, title, said(window.text, language), link)


def _seen(board: Board, changes: list[Change], address: str, language: str, words: Words) -> Iterator[Entry]:
    for change in changes:
        state = board.state(change.component)
        if state is None:
            continue
        place = f"{address}/components/{change.component}"
        how = words(f"status.severity.{change.severity}")
        name = component_name(state.component, state.kind, state.name, language, words)
        yield Entry(f"{place}#{change.since}", change.since, f"{name}: {how}", how, f"{place}?lang={language}")


def component_name(component: str, kind: str, name: Text, language: str, words: Words) -> str:
    """What people call a component."""
    if name:
        return said(name, language)
    rest = component.removeprefix(kind).strip("-")
    return words(f"status.kind.{kind}", name=rest) if rest else words(f"status.kind.{kind}")


def _add(parent: ET.Element, name: str, text: str) -> ET.Element:
    element = ET.SubElement(parent, f"{{{_ATOM}}}{name}")
    element.text = "".join(character for character in text if character.isprintable() or character in "\n\t")
    return element
