"""Use cases of envelopes, each kind in a module: `drafts`, `parties`, `attempts`, `reading`, `raising`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from ipse.actions.model import Collected
from ipse.actions.service import Actions
from ipse.attributes.service import Attributes
from ipse.documents.model import Ask, Level
from ipse.documents.service import Documents
from ipse.envelopes.model import PAGE
from ipse.envelopes.service.attempts import Attempts, Visit
from ipse.envelopes.service.deleting import Deleting
from ipse.envelopes.service.drafts import Brought, Drafts, Wishes
from ipse.envelopes.service.parties import Letter, Parties
from ipse.envelopes.service.people import Names
from ipse.envelopes.service.raising import Raising
from ipse.envelopes.service.reading import Reading
from ipse.envelopes.service.record import Record
from ipse.envelopes.service.vault import Vault
from ipse.envelopes.service.workshop import Workshop
from ipse.fraud.service.limits import SharedLimits
from ipse.kernel.fraud import Fraud, Rate
from ipse.kernel.settings import Papers
from ipse.signin.model import Ended, WayBack
from ipse.signing.service import Signing
from ipse.web import languages

__all__ = ["Brought", "Drafts", "Envelopes", "Means", "Visit", "Wishes", "build_envelopes"]


@dataclass(frozen=True)
class Envelopes:
    """All of it. As a `signin.model.Ending` it is the way back of its own requests."""

    drafts: Drafts
    parties: Parties
    attempts: Attempts
    reading: Reading
    raising: Raising
    names: Names
    quality: str
    papers: Papers
    origin: str

    def destination(self, protocol: Mapping[str, object]) -> str:
        """Forms of the sign-in page lead back to the envelope."""
        return f"{self.origin}{PAGE}/{protocol['envelope']}"

    async def way_back(self, end: Collected | Ended) -> WayBack:
        """Where a browser goes on, however its request ended."""
        return WayBack(f"{PAGE}/{end.protocol['envelope']}/go-on?lang={end.protocol['language']}")

    def jobs(self) -> list[tuple[str, Callable[[], Awaitable[object]]]]:
        """What goes on without anybody asking, by name."""
        return [
            ("envelopes.settle", self.attempts.settle_due),
            ("envelopes.raise", self.raising.raise_due),
            ("envelopes.expire", self.parties.expire),
            ("envelopes.delete", self.parties.deleting.delete_due),
            ("envelopes.sweep", self.reading.vault.sweep),
        ]


@dataclass(frozen=True, kw_only=True)
class Means:
    """What signatures are made with."""

    signing: Signing
    documents: Documents
    ask: Ask
    authorities: Callable[[], tuple[bytes, ...]]
    """DER: whom we believe about signers and time stamps."""
    level: Level
    quality: str
    """What is said of each signature: `test`, `advanced` or `qualified`."""
    papers: Papers


def _letters(actions: Actions) -> SharedLimits:
    """Forty letters at once, then ten an hour for each owner; a thousand an hour for all."""
    rates = Fraud(number=Rate(burst=40, per_hour=10), partner=Rate(burst=2000, per_hour=1000))
    return SharedLimits(rates, actions.database, actions.keystore, actions.clock, purpose="letters ")


def build_envelopes(
    actions: Actions, attributes: Attributes, means: Means, *, letter: Letter, scheme: str, origin: str
) -> Envelopes:
    """Put together; `scheme` is what people call it, `letter` what sends mail."""
    texts = languages.load(("ipse.envelopes",))
    vault = Vault(actions.database, actions.people, actions.clock, actions.ids)
    documents, papers = means.documents, means.papers
    names = Names(attributes)
    workshop = Workshop(
        vault=vault,
        actions=actions,
        signing=means.signing,
        documents=documents,
        ask=means.ask,
        authorities=means.authorities,
        level=means.level,
        quality=means.quality,
        scheme=scheme,
        texts=texts,
    )
    raising = Raising(vault, workshop)
    return Envelopes(
        drafts=Drafts(vault, documents, names, papers),
        parties=Parties(vault, Deleting(vault), names, texts, scheme, origin, papers.days, letter, _letters(actions)),
        attempts=Attempts(vault, workshop, raising, papers.days),
        reading=Reading(vault, documents, Record(vault)),
        raising=raising,
        names=names,
        quality=means.quality,
        papers=papers,
        origin=origin,
    )
