"""Past requests as their person sees them: one by one, searched, and all of them for their copy."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from ipse.actions import store
from ipse.actions.errors import UnknownAction
from ipse.actions.model import Action, Given, HistoryEntry, Method, Past, Request, Search, Shown
from ipse.actions.rules import answers, showing
from ipse.actions.service.requests import Actions
from ipse.audit.service import auditing
from ipse.fraud import events
from ipse.fraud.model import Place
from ipse.kernel.clock import seconds
from ipse.kernel.ids import b64u
from ipse.notices.model import NoticeKind
from ipse.notices.service import Notices
from ipse.storage.copies import value_of
from ipse.storage.publishing import publishing
from ipse.storage.statement import Row, Transaction, one, run

LAST: Final = 2**62
"""After every moment and before none: where a search begins."""
_PAGE: Final = 200
_MOST_LOOKED_AT: Final = 2000
"""Rows that one search opens before it says that there may be more."""
_AT_ONCE: Final = 50
_MOST_GIVEN: Final = 1000
"""How many approvals back we look for what a partner was given last."""
_TIMES: Final = (
    "redeemed_at",
    "token_expires_at",
    "created_at",
    "expires_at",
    "claimed_at",
    "decided_at",
    "addressed_at",
)
_NOTHING: Final = Request("", {}, {}, "basic", (), {}, "en")
"""What a request asked, once its person is gone; the columns beside it still say which service it was."""
_SILENT: Final = frozenset({"withheld", "fault"})
"""Why of an approval that looks like any other to whoever stands beside its person."""


async def entry_of(actions: Actions, action: Action, language: str) -> HistoryEntry:
    """What was asked, what was shared and signed, and how it ended."""
    shared: list[dict[str, Any]] = []
    declined: list[str] = []
    confirmed: tuple[Mapping[str, Any], ...] = ()
    if action.sealed_shown is not None and action.sealed_approval is not None:
        document = msgspec.json.decode((await actions.shown(action)).octets)
        attributes = document["attributes"]
        confirmed = tuple(answers.history_confirmed(each) for each in document.get("confirms", ()))
        chosen = (await actions.approval(action)).shared
        shared = [answers.history_value(entry) for entry in attributes if entry["name"] in chosen]
        declined = [entry["name"] for entry in attributes if entry["name"] not in chosen]
    outcome = answers.outcome_of(action, actions.clock.now())
    return HistoryEntry(
        action=action.action_id,
        partner=action.request.partner_name,
        service=action.request.service_in(language),
        type=action.kind,
        at=seconds(action.decided_at or action.created_at),
        outcome=outcome,
        method=(action.method or Method.CODE) if outcome == "approved" else None,
        start=action.start,
        shared=tuple(shared),
        declined=tuple(declined if outcome == "approved" else ()),
        broker=action.request.broker_name,
        confirmed=confirmed,
    )


async def glimpses(actions: Actions, account_id: str, language: str, *, most: int = 50) -> list[HistoryEntry]:
    """Past requests of a person without any value: what a help desk is told. Nothing sealed is opened."""
    now = actions.clock.now()
    rows = await actions.database.rows(store.HISTORY, account_id, now + 1, now, most)
    return [_glimpse(store.read_action(row), language, now) for row in rows]


def _glimpse(action: Action, language: str, now: int) -> HistoryEntry:
    outcome = answers.outcome_of(action, now)
    return HistoryEntry(
        action=action.action_id,
        partner=action.request.partner_name,
        service=action.request.service_in(language),
        type=action.kind,
        at=seconds(action.decided_at or action.created_at),
        outcome=outcome,
        method=(action.method or Method.CODE) if outcome == "approved" else None,
        start=action.start,
        shared=(),
        declined=(),
        broker=action.request.broker_name,
        confirmed=(),
    )


@dataclass(frozen=True)
class Histories:
    """Use cases of a person who looks back."""

    actions: Actions
    notices: Notices

    async def search(
        self, account_id: str, language: str, search: Search, *, most: int, after: tuple[int, str] = (LAST, "")
    ) -> tuple[list[Past], tuple[int, str] | None]:
        """Past requests that fit, newest first, and where to go on; None at the end.

        Words are looked for in what is sealed, so they are compared here, page by page, and no more than some thousand
        requests at a time.
        """
        found: list[Past] = []
        place: tuple[int, str] | None = after
        for _ in range(_MOST_LOOKED_AT // _PAGE):
            if place is None:
                break
            rows, place = await self._page(account_id, search, place, most=_PAGE if search.words else most + 1)
            for row in rows:
                past = await self._past(store.read_action(row), language)
                if not _fits(past, search.words):
                    continue
                found.append(past)
                if len(found) > most:
                    last = found[most - 1]
                    return found[:most], (last.created_at, last.entry.action)
        return found, place

    async def every(self, account_id: str, language: str, search: Search) -> AsyncIterator[Past]:
        """All past requests that fit, newest first."""
        place: tuple[int, str] | None = (LAST, "")
        while place is not None:
            rows, place = await self._page(account_id, search, place, most=_PAGE)
            for row in rows:
                past = await self._past(store.read_action(row), language)
                if _fits(past, search.words):
                    yield past

    async def one(self, account_id: str, action_id: str, language: str) -> Past:
        """One past request of this person.

        Raises:
            UnknownAction: there is none of theirs.
        """
        return await self._past(await self._own(account_id, action_id), language)

    async def partners(self, account_id: str) -> dict[str, tuple[int, int]]:
        """Who has ever asked this person: how often, and when last, by partner."""
        found: dict[str, tuple[int, int]] = {}
        for row in await self.actions.database.rows(store.PARTNERS, account_id):
            times, last = found.get(row["partner_id"], (0, 0))
            found[row["partner_id"]] = (times + row["requests"], max(last, row["last_at"]))
        return found

    async def given(self, account_id: str) -> list[Given]:
        """What each partner was given last, attribute by attribute, and since when it has had it. Newest first."""
        rows = await self.actions.database.rows(store.GIVEN, account_id, _MOST_GIVEN)
        newest: dict[tuple[str, str], Given] = {}
        for number, row in enumerate(rows):
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)  # opening is work of ours: let others go on between
            action = store.read_action(row)
            for entry in (await entry_of(self.actions, action, "en")).shared:
                place = action.partner_id, entry["name"]
                at = action.decided_at or action.created_at
                known = newest.get(place)
                if known is None:
                    newest[place] = Given(
                        action.partner_id, action.request.partner_name, entry, at, at, action.action_id
                    )
                elif _same(known.entry, entry):
                    newest[place] = msgspec.structs.replace(known, since=at)
        return list(newest.values())

    async def living_tokens(self, account_id: str) -> dict[str, int]:
        """How many access tokens each partner holds that still read something."""
        rows = await self.actions.database.rows(store.LIVING_TOKENS, account_id, self.actions.clock.now())
        return {row["partner_id"]: row["tokens"] for row in rows}

    def withdrawing(self, account_id: str, partner_id: str) -> Transaction[int]:
        """Inside a transaction: take from a partner what it holds or can still get; how many approvals that was."""
        return len((yield from run(store.WITHDRAW, account_id, partner_id)))

    def disowning(self, past: Past, account_id: str, *, now: int) -> Transaction[None]:
        """Inside a transaction: "this was not me" of a past request: it counts as a report, and gives nothing any more.

        Raises:
            UnknownAction: none of this person's.
        """
        action_id = past.entry.action
        if (yield from one(store.WITHDRAW_ONE, action_id, account_id)) is None:
            raise UnknownAction
        yield from self.actions.fraud.not_started(action_id, account_id, past.partner_id, past.network, now=now)
        payload = {"action": action_id, "partner": past.partner_id, "account": account_id}
        kind = past.entry.start or "push"
        yield from publishing(f"disowned {action_id}", events.REPORTED, {**payload, "kind": kind}, now=now)
        facts = {"partner": past.entry.partner}
        yield from self.notices.telling(account_id, NoticeKind.NOT_STARTED, now=now, facts=facts)
        yield from auditing(
            now, actor="person", act="request.disown", subject=account_id, details={"action": action_id}
        )

    async def copy(self, account_id: str) -> list[dict[str, Any]]:
        """All requests as we keep them, opened, oldest first: what a person can take along."""
        found: list[dict[str, Any]] = []
        after: tuple[int, str] = (0, "")
        while rows := await self.actions.database.rows(store.COPIES, account_id, *after, _PAGE):
            found += [await self._copied(account_id, row) for row in rows]
            after = (rows[-1]["created_at"], rows[-1]["action_id"])
        return found

    async def forget_account(self, account_id: str) -> None:
        """A person is gone: of their requests nothing stays that says who, where or what."""
        nothing = msgspec.json.encode(_NOTHING).decode()
        await self.actions.database.rows(store.MINIMISE, account_id, nothing)

    async def forget_shell(self, account_id: str) -> None:
        """Nobody can claim anything any more: delete the requests of somebody who has long been gone."""
        await self.actions.database.rows(store.FORGET_OF, account_id)

    async def _page(
        self, account_id: str, search: Search, after: tuple[int, str], *, most: int
    ) -> tuple[list[Row], tuple[int, str] | None]:
        now = self.actions.clock.now()
        asked = (search.since or 0, search.until or LAST, search.partner_id, search.kind, search.outcome)
        rows = await self.actions.database.rows(store.SEARCH, account_id, *after, now, *asked, most)
        more = (rows[-1]["created_at"], rows[-1]["action_id"]) if len(rows) == most else None
        return list(rows), more

    async def _own(self, account_id: str, action_id: str) -> Action:
        row = await self.actions.database.row(store.OF_PERSON, action_id, account_id)
        if row is None:
            raise UnknownAction
        return store.read_action(row)

    async def _past(self, action: Action, language: str) -> Past:
        entry = await entry_of(self.actions, action, language)
        document: Mapping[str, Any] = {}
        shown: Shown | None = None
        phone: Place | None = None
        app = ""
        if action.sealed_shown is not None:
            shown = await self.actions.shown(action)
            document = msgspec.json.decode(shown.octets)
        if action.sealed_approval is not None:
            approval = await self.actions.approval(action)
            phone = self.actions.fraud.places.find(approval.address)
            app = str(approval.device.get("os") or "")
        names = {each["name"] for each in entry.shared}
        return Past(
            entry=entry,
            partner_id=action.partner_id,
            service_code=action.service_code,
            purpose=action.request.purpose_in(language),
            created_at=action.created_at,
            decided_at=action.decided_at,
            why=action.why if action.why not in _SILENT else None,
            level=str(document.get("level", "")),
            browser_place=_place(action.request.origin.place),
            phone_place=_place(phone),
            phone_system=app,
            warnings=tuple(document.get("warnings", ())),
            network=action.request.origin.network,
            full={} if shown is None else {name: value for name, value in shown.values.items() if name in names},
            protected=tuple(each["name"] for each in entry.shared if each.get("protected")),
        )

    async def _copied(self, account_id: str, row: Row) -> dict[str, Any]:
        key = await self.actions.people.person_key(account_id)
        copied: dict[str, Any] = {
            name: row[name]
            for name in ("action_id", "state", "kind", "partner_id", "service_code", "start", "phone_id", "subject")
        }
        copied |= {name: value_of(name, row[name]) for name in _TIMES}
        copied["why"] = None if row["why"] in _SILENT else row["why"]
        copied["method"] = row["method"]
        copied["request"] = msgspec.json.decode(row["request"])
        copied["shown_digest"] = b64u(bytes(row["shown_digest"])) if row["shown_digest"] is not None else None
        for column, kind in (("sealed_shown", "shown"), ("sealed_approval", "approval")):
            if row[column] is None:
                continue
            octets = self.actions.unsealed(key, row["action_id"], column, bytes(row[column]))
            copied[kind] = msgspec.json.decode(octets)
        if "shown" in copied:
            # The front door's own memory, such as a partner's nonce, is no person's.
            copied["shown"].get("confidential", {}).pop("private", None)
        return copied


def masked(value: object) -> str:
    """A protected value as it is shown without the code: its last two characters."""
    return showing.mask(value)


def _place(place: Place | None) -> str:
    return "" if place is None else f"{place.name} ({place.country})"


def _fits(past: Past, words: str) -> bool:
    """Whether every word stands somewhere in what people read of a request."""
    entry = past.entry
    texts = [entry.partner, entry.service, entry.broker, entry.action, past.purpose, past.browser_place]
    texts += [each["name"] for each in entry.shared]
    texts += [str(each["value"]) for each in entry.shared if isinstance(each.get("value"), str)]
    haystack = " ".join(texts).casefold()
    return all(word in haystack for word in words.casefold().split())


def _same(one_: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    names = ("value", "masked")
    return all(one_.get(name) == other.get(name) for name in names)
