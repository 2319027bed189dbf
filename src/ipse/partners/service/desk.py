"""Everything that front doors need of partners, built together."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography import x509

from ipse.kernel.ids import Ids
from ipse.partners.service.keys import PartnerKeys
from ipse.partners.service.log import RequestLog
from ipse.partners.service.registry import Partners
from ipse.partners.service.replays import Replays
from ipse.partners.service.tokens import PartnerTokens
from ipse.web.outgoing import Outgoing


@dataclass(frozen=True, slots=True)
class PartnerDesk:
    """The services around one registry of partners."""

    partners: Partners
    keys: PartnerKeys
    tokens: PartnerTokens
    replays: Replays
    log: RequestLog
    outgoing: Outgoing
    authorities: tuple[x509.Certificate, ...] = ()
    """Who may issue the certificates that partners authenticate with (`tls_client_auth`)."""

    @classmethod
    def around(cls, partners: Partners, *, ids: Ids, authorities: tuple[x509.Certificate, ...] = ()) -> PartnerDesk:
        """Build them for the database, clock and environment of `partners`."""
        database, clock = partners.database, partners.clock
        log, outgoing = RequestLog(database, clock, ids), Outgoing(partners.environment)
        return cls(
            partners=partners,
            keys=PartnerKeys(database, outgoing, clock, ids, log),
            tokens=PartnerTokens(database, clock, ids),
            replays=Replays(database, clock),
            log=log,
            outgoing=outgoing,
            authorities=authorities,
        )

    async def close(self) -> None:
        """Write what waits, let go of connections."""
        await self.log.close()
        await self.outgoing.close()
