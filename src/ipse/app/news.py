"""Who hears of what: the handlers of events that features write with what happened."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from ipse.actions.events import ADDRESSED
from ipse.actions.service.requests import account_wake_key
from ipse.app.features import Features
from ipse.app.signing import signing_news
from ipse.console.service.copies import forget_looks
from ipse.kernel.clock import SECOND
from ipse.mobile.events import PHONE_MOVED
from ipse.mobile.service.moves import forget_pairings_of
from ipse.notices import TOLD
from ipse.notices.model import WAKING
from ipse.oidc.service.backchannel import forget_discovered
from ipse.people.events import DELETED
from ipse.portal import BLOCK_ASKED, PURGED, WITHDRAWN
from ipse.sim.events import BOUND, READY
from ipse.storage.outbox import Event, Handler

_DELETED_BEFORE = "mobile.deleted"
"""The name of the same event in outboxes that a release before this one has written."""
_NEWS_SECONDS = 86_400
"""How long a phone that is off may still be told of news of its identity."""


def handlers(features: Features) -> Mapping[str, Mapping[str, Handler]]:
    """Who hears of what, by event and by a name of the handler that must not change."""
    return {
        ADDRESSED: {"push.wake": lambda event: _wake(features, event)},
        TOLD: {
            "notices.send": lambda event: features.delivery.send(event.payload["notice"]),
            "push.wake": lambda event: _wake_told(features, event),
        },
        PHONE_MOVED: {"sim.look": lambda event: features.sims.watches.look_at(event.payload["account"])},
        DELETED: _forgetting(features),
        _DELETED_BEFORE: _forgetting(features),
        WITHDRAWN: {"portal.tell": lambda event: features.portal.news.tell(event.payload["withdrawal"])},
        PURGED: {
            "portal.tell": lambda event: features.portal.news.tell_purged(
                event.payload["partner"], event.payload["subject"], since=event.at
            )
        },
        BLOCK_ASKED: {"portal.look": lambda event: features.blocking.look(event.payload["block"])},
        READY: {"sim.tell": lambda event: _woken(features, event.payload["account"])},
        BOUND: {"sim.follow": lambda event: features.sims.subscriptions.follow(event.payload["account"])},
        **signing_news(features.signing),
        **features.doors.news(),
    }


def _forgetting(features: Features) -> Mapping[str, Handler]:
    """Everybody who keeps something by account: what they do when its person has deleted it. Again is no harm."""
    database = features.people.database

    def told(forget: Callable[[str], Awaitable[object]]) -> Handler:
        async def handler(event: Event) -> None:
            await forget(event.payload["account"])

        return handler

    return {
        "sim.end": told(lambda account_id: _end_watch(features, account_id)),
        "fraud.forget": told(features.actions.fraud.browsers.forget_all),
        "fallback.forget": told(features.fallback.setups.forget_all),
        "push.forget": told(features.push.forget_account),
        "fingerprints.forget": told(features.approvals.fingerprints.forget_account),
        **{name: told(forget) for name, forget in features.doors.forgetting().items()},
        "signing.forget": told(features.signing.credentials.forget_account),
        "panic.forget": told(features.panic.forget_account),
        "notices.forget": told(features.delivery.forget_account),
        "enrolment.forget": told(features.enrolments.forget_account),
        "phones.forget": told(features.phones.forget_account),
        "mobile.forget": told(lambda account_id: forget_pairings_of(database, account_id)),
        "actions.forget": told(features.portal.histories.forget_account),
        "portal.forget": told(features.portal.forget_account),
        "oidc.forget": told(lambda account_id: forget_discovered(database, account_id)),
        "console.forget": told(lambda account_id: forget_looks(database, account_id)),
        "storage.clear_log": told(lambda _: database.clear_log()),  # the last: nothing of the others stays in it
    }


async def _wake(features: Features, event: Event) -> None:
    """A request that was to reach one person: wake their phone, if it did."""
    if event.payload["account"]:
        features.push.wake_soon(event.payload["account"], until=event.payload["until"])


async def _wake_told(features: Features, event: Event) -> None:
    """News of an identity: its phones look, those that have just been stopped, too."""
    if event.payload.get("kind") in WAKING:
        until = event.at + _NEWS_SECONDS * SECOND
        features.push.wake_soon(event.payload["account"], until=until, stopped=True)


async def _end_watch(features: Features, account_id: str) -> None:
    """The number of a person who is gone: forgotten, and no more events wanted."""
    watches, now = features.sims.watches, features.people.clock.now()
    await features.people.database.transact(lambda: watches.ending(account_id, now=now))


async def _woken(features: Features, account_id: str) -> None:
    """Have an open app of this person look again."""
    features.messages.database.wakeups.wake(account_wake_key(account_id))
