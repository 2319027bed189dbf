"""Everything that front doors need of partners, built together."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography import x509

from ipse.kernel.ids import Ids
from ipse.partners.service.events import EventAddresses
from ipse.partners.service.grants import Grants
from ipse.partners.service.keys import PartnerKeys
from ipse.partners.service.log import RequestLog
from ipse.partners.service.registry import Partners
from ipse.partners.service.replays import Replays
from ipse.partners.service.tokens import PartnerTokens
from ipse.partners.service.uses import KeyUses
from ipse.web.outgoing import Outgoing


@dataclass(frozen=True, slots=True)
class PartnerDesk:
    """The services around one registry of partners."""

    partners: Partners
    keys: PartnerKeys
    grants: Grants
    tokens: PartnerTokens
    replays: Replays
    log: RequestLog
    uses: KeyUses
    events: EventAddresses
    outgoing: Outgoing
    """Calls addresses that partners gave."""
    authorities: tuple[x509.Certificate, ...] = ()
    """Who may issue the certificates that partners authenticate with (`tls_client_auth`)."""

    @classmethod
    def around(
        cls,
        partners: Partners,
        ids: Ids,
        *,
        outgoing: Outgoing | None = None,
        authorities: tuple[x509.Certificate, ...] = (),
    ) -> PartnerDesk:
        """Build them for the database, clock and environment of `partners`; `outgoing` for tests of the network."""
        database, clock = partners.database, partners.clock
        calls = outgoing or Outgoing(partners.environment)
        log = RequestLog(database, clock, ids)
        return cls(
            partners=partners,
            keys=PartnerKeys(database, calls, clock, ids, log),
            grants=Grants(partners, ids),
            tokens=PartnerTokens(database, clock, ids),
            replays=Replays(database, clock),
            log=log,
            uses=KeyUses(database, clock),
            events=EventAddresses(database, clock, partners.environment),
            outgoing=calls,
            authorities=authorities,
        )

    async def close(self) -> None:
        """Write what waits, let go of connections."""
        await self.log.close()
        await self.uses.write()
        await self.outgoing.close()
