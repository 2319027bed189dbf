"""Use cases of the REST API.

`access`: which partner calls. `sessions`: create, open, read, cancel. `results`: collecting a result once, and reading
it again. `encryption`: results that only the final partner opens. `Broker` is all of them, built once by the
composition root.
"""

from __future__ import annotations

from dataclasses import dataclass

from ipse.actions.service.requests import Actions
from ipse.broker.service.access import Access, Proofs, SentToken
from ipse.broker.service.encryption import Encryption, SigningKeys
from ipse.broker.service.results import Results
from ipse.broker.service.sessions import Opened, Sessions
from ipse.kernel.ids import Ids
from ipse.kernel.keystore import Keystore
from ipse.kernel.settings import Settings
from ipse.partners.service import PartnerDesk
from ipse.people.service import People

__all__ = ["Access", "Broker", "Opened", "Proofs", "SentToken", "Sessions", "SigningKeys", "build_broker"]


@dataclass(frozen=True, slots=True)
class Broker:
    """The REST API of one installation."""

    sessions: Sessions
    access: Access


def build_broker(  # noqa: PLR0913 - what it stands on
    settings: Settings,
    *,
    keystore: Keystore,
    desk: PartnerDesk,
    people: People,
    actions: Actions,
    signing: SigningKeys,
    proofs: Proofs,
    ids: Ids,
) -> Broker:
    """Put the REST API together.

    `signing` gives the provider's current keys, to sign encrypted results with; `proofs` reads proofs of possession.
    """
    partners = desk.partners
    database, clock = partners.database, partners.clock
    sessions = Sessions(
        settings=settings,
        database=database,
        keystore=keystore,
        partners=partners,
        refusals=desk.log,
        people=people,
        actions=actions,
        results=Results(database, actions, keystore, clock),
        encryption=Encryption(signing, desk.keys),
        clock=clock,
        ids=ids,
    )
    access = Access(
        settings.issuer, settings.base_url, partners, desk.keys, desk.tokens, desk.replays, proofs, desk.log, clock
    )
    return Broker(sessions, access)
