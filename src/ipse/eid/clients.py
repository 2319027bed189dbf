"""Ask a responder whether a certificate is revoked (RFC 6960 over HTTP, appendix A), under guard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ipse.eid.errors import RevocationUnknownError
from ipse.standards.web_eid import ocsp
from ipse.web.outgoing import Outgoing, OutgoingError

SECONDS: Final = 8.0
MOST_BYTES: Final = 20_000


@dataclass(frozen=True, slots=True)
class Responders:
    """Calls responders. `outgoing` takes plain http: the answers are signed."""

    outgoing: Outgoing

    async def ask(self, address: str, question: bytes) -> bytes:
        """What the responder answers; judged by the caller.

        Raises:
            RevocationUnknownError: no answer of the right type in time.
        """
        try:
            fetched = await self.outgoing.fetch(
                address,
                method="POST",
                headers={"Content-Type": ocsp.REQUEST_TYPE},
                body=question,
                most_bytes=MOST_BYTES,
                seconds=SECONDS,
                accept_types=(ocsp.RESPONSE_TYPE,),
            )
        except OutgoingError as error:
            raise RevocationUnknownError(f"the responder: {error.reason}") from error
        if fetched.status != 200:
            raise RevocationUnknownError(f"the responder answered {fetched.status}")
        return fetched.body

    async def close(self) -> None:
        """Let go of the connections."""
        await self.outgoing.close()
