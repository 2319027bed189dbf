"""What the services of this API stand on, and what they share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec

from ipse.csc.errors import InvalidRequest
from ipse.csc.model import Asked, Round, Token
from ipse.csc.store import responses
from ipse.csc.store import rounds as store
from ipse.kernel.clock import Clock
from ipse.kernel.ids import Ids
from ipse.kernel.keystore import Keystore
from ipse.kernel.sealing import blind_index, seal, unseal
from ipse.kernel.settings import Settings
from ipse.partners.model import Partner, Service, ServiceType
from ipse.partners.service import PartnerDesk
from ipse.people.errors import UnknownAccountError
from ipse.people.model import AccountState
from ipse.people.service import People
from ipse.signing.errors import UnknownCredential
from ipse.signing.model import Credential
from ipse.signing.service import Signing
from ipse.storage.database import Database

_TABLE: Final = "csc_rounds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Everything from outside."""

    settings: Settings
    database: Database
    keystore: Keystore
    desk: PartnerDesk
    people: People
    signing: Signing
    clock: Clock
    ids: Ids

    @property
    def key(self) -> bytes:
        """The installation's key of this API."""
        return self.keystore.working_key("csc")

    @property
    def quality(self) -> str:
        """What signatures here are: `test`, `advanced` or `qualified`."""
        signing = self.settings.signing
        return signing.certification.quality if signing is not None else "test"

    async def services(self, partner: Partner) -> list[Service]:
        """The active signing services of a partner. One of a strict profile needs bound tokens, which are not here."""
        found = await self.desk.partners.services(partner.partner_id)
        living = [each for each in found if each.type is ServiceType.SIGNING and each.state == "active"]
        return [each for each in living if each.profile == "default"]

    async def service(self, code: str) -> Service | None:
        """An active signing service."""
        found = await self.desk.partners.service(code)
        return found if found is not None and found.state == "active" else None

    def sealed(self, round_id: str, asked: Asked) -> bytes:
        """What a round was asked for, for its row."""
        return seal(self.key, msgspec.json.encode(asked), table=_TABLE, row=round_id, column="sealed_asked")

    def asked(self, found: Round) -> Asked:
        """What a round was asked for."""
        octets = unseal(self.key, found.sealed_asked, table=_TABLE, row=found.round_id, column="sealed_asked")
        return msgspec.json.decode(octets, type=Asked)

    async def round_of(self, token: Token) -> Round | None:
        """The round that a token came of."""
        row = await self.database.row(store.BY_ID, token.round_id)
        return store.read_round(row) if row is not None else None

    async def bound(self, partner_id: str, name: str) -> str | None:
        """The account that a partner means by a name of its own, whatever has become of it."""
        row = await self.database.row(store.ACCOUNT, partner_id, self.name_index(partner_id, name))
        return str(row["account_id"]) if row is not None else None

    def name_index(self, partner_id: str, name: str) -> bytes:
        """By which a partner's name for a person is found."""
        return blind_index(self.key, f"{partner_id}\x00{name}")

    async def is_alive(self, account_id: str) -> bool:
        """Whether an account still exists, blocked or not."""
        try:
            return (await self.people.account(account_id)).state is not AccountState.ARCHIVED
        except UnknownAccountError:
            return False

    async def file_digest(self, partner_id: str, account_id: str, digest: str) -> str:
        """SHA-256 of the file that a digest was prepared for, as base64url; empty where it was prepared for none."""
        row = await self.database.row(responses.PREPARED, partner_id, account_id, digest, self.clock.now())
        kind, _, name = str(row["source_digest"]).rpartition(" ") if row is not None else ("", "", "")
        return name if kind.endswith(" file") else ""

    async def credential(self, credential_id: str) -> Credential:
        """A credential by the name a partner gives it.

        Raises:
            InvalidRequest: there is none.
        """
        try:
            return await self.signing.credential(credential_id)
        except UnknownCredential as error:
            raise InvalidRequest("Invalid parameter credentialID") from error
