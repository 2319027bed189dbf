"""Pushed authorization requests (RFC 9126): kept until the first browser that opens them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from ipse.csc.errors import InvalidRequest
from ipse.csc.service.ground import Ground
from ipse.csc.store import rounds as store
from ipse.kernel.clock import SECOND
from ipse.kernel.ids import b64u, sha256
from ipse.kernel.sealing import seal, unseal

URN: Final = "urn:ietf:params:oauth:request_uri:csc:"
SECONDS: Final = 90
_TABLE: Final = "csc_pushed"
_COLUMN: Final = "sealed_parameters"
_NEVER: Final = frozenset({"client_secret", "client_assertion", "client_assertion_type", "request_uri", "request"})


@dataclass(frozen=True, slots=True)
class Pushed:
    """Keeps requests until their browser comes."""

    ground: Ground

    async def keep(self, form: Mapping[str, str], partner_id: str) -> str:
        """Keep a judged request; what its browser is sent with."""
        given = {name: value for name, value in form.items() if name not in _NEVER}
        reference = self.ground.ids.secret()
        digest = sha256(reference)
        octets = msgspec.json.encode({**given, "client_id": partner_id})
        sealed = seal(self.ground.key, octets, table=_TABLE, row=b64u(digest), column=_COLUMN)
        until = self.ground.clock.now() + SECONDS * SECOND
        await self.ground.database.rows(store.PUSH, digest, partner_id, sealed, until)
        return URN + reference

    async def open(self, request_uri: str, partner_id: str, browser_hash: bytes) -> Mapping[str, str]:
        """What was pushed, for the first browser that asks; one conditional statement decides.

        Raises:
            InvalidRequest: nothing of this partner's, too old, or another browser's.
        """
        if not request_uri.startswith(URN):
            raise InvalidRequest("Invalid parameter request_uri")
        digest, now = sha256(request_uri.removeprefix(URN)), self.ground.clock.now()
        row = await self.ground.database.row(store.OPEN, digest, partner_id, browser_hash, now)
        if row is None:
            raise InvalidRequest("Invalid parameter request_uri")
        sealed = bytes(row["sealed_parameters"])
        octets = unseal(self.ground.key, sealed, table=_TABLE, row=b64u(digest), column=_COLUMN)
        return msgspec.json.decode(octets, type=dict[str, str])
