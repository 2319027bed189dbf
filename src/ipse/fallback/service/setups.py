"""What a person prepares, from the phone and for one code, for the day that phone is of no use."""

from __future__ import annotations

from base64 import b32encode
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import msgspec

from ipse.actions.model import Method
from ipse.fallback import store
from ipse.fallback.model import PREPARED, Secret, Setup
from ipse.fallback.rules import codes
from ipse.kernel.clock import Clock, seconds
from ipse.kernel.ids import Ids, b64u
from ipse.kernel.keystore import Keystore
from ipse.kernel.sealing import blind_index, seal, unseal
from ipse.storage.copies import copied
from ipse.storage.database import Database
from ipse.storage.statement import Statement

_TABLE = "fallback_setups"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A set-up to be written, and what its person is told once."""

    statements: tuple[Statement, ...]
    """In one transaction; the last returns a row, or there is no room for one more."""
    told: dict[str, Any]


@dataclass(frozen=True)
class Setups:
    """Use cases of preparing."""

    database: Database
    keystore: Keystore
    clock: Clock
    ids: Ids
    scheme: str

    async def of_account(self, account_id: str) -> list[Setup]:
        """What a person has prepared, oldest first."""
        return [store.read_setup(row) for row in await self.database.rows(store.OF_ACCOUNT, account_id)]

    async def listed(self, account_id: str) -> list[dict[str, Any]]:
        """The same as the phone shows it; how many codes of a sheet are left."""
        return [self._described(setup) for setup in await self.of_account(account_id)]

    async def prepare(self, account_id: str, method: Method) -> Prepared:
        """A new app for one-time codes, or a new sheet, in the place of the one before.

        The name is the one the person has already, if any.
        """
        existing = await self.of_account(account_id)
        name = self.secret(existing[0]).name if existing else codes.new_name(self.ids.octets(codes.NAME_LETTERS))
        setup_id, now = self.ids.identifier(), self.clock.now()
        secret, told = (self._totp if method is Method.TOTP else self._sheet)(setup_id, name)
        sealed = seal(self.key, msgspec.json.encode(secret), table=_TABLE, row=setup_id, column="sealed")
        index = self.index(name)
        replace = Statement(store.REPLACE, (account_id, method, now))
        create = Statement(store.CREATE, (setup_id, account_id, method, index, sealed, now))
        return Prepared((replace, create), {"setup": setup_id, "method": method, "name": name, **told})

    def removal(self, account_id: str, setup_id: str) -> Statement:
        """The statement that removes one; it returns no row when there is none."""
        return Statement(store.REMOVE, (setup_id, account_id, self.clock.now()))

    async def outlive(self, account_id: str, activated_at: int | None) -> None:
        """Take away what was prepared before the identity was activated (microseconds), on whatever phone."""
        for text in (store.OUTLIVED, store.OUTLIVED_PASSKEYS):
            await self.database.rows(text, account_id, activated_at or 0, self.clock.now())

    async def copy(self, account_id: str) -> dict[str, Any]:
        """What a person has prepared, also what counts no more, to take along: names, never what proves them."""
        rows = await self.database.rows(store.COPY, account_id)
        told = copied(rows, but=("sealed",))
        for row, each in zip(rows, told, strict=True):
            each["name"] = self.secret(store.read_setup(row)).name
        return {"setups": told, "passkeys": copied(await self.database.rows(store.COPY_PASSKEYS, account_id))}

    async def forget_all(self, account_id: str) -> None:
        """A person has deleted their identity: nothing of this stays."""
        await self.database.rows(store.FORGET_ACCOUNT, account_id)
        await self.database.rows(store.FORGET_PASSKEYS, account_id)

    def index(self, name: str) -> bytes:
        """What a typed name is found by."""
        return blind_index(self.key, codes.plain_name(name))

    async def by_index(self, index: bytes, method: Method) -> Setup | None:
        """The set-up that a typed name belongs to."""
        row = await self.database.row(store.BY_NAME, index, method)
        return store.read_setup(row) if row is not None else None

    def secret(self, setup: Setup) -> Secret:
        """What is sealed in a set-up."""
        octets = unseal(self.key, setup.sealed, table=_TABLE, row=setup.setup_id, column="sealed")
        return msgspec.json.decode(octets, type=Secret)

    @property
    def key(self) -> bytes:
        """The working key of this feature."""
        return self.keystore.working_key("fallback")

    def _totp(self, _setup_id: str, name: str) -> tuple[Secret, dict[str, Any]]:
        key = self.ids.octets(codes.KEY_BYTES)
        letters = b32encode(key).decode()
        label = quote(f"{self.scheme}:{name}")
        uri = f"otpauth://totp/{label}?secret={letters}&issuer={quote(self.scheme)}"
        return Secret(name, totp_key=b64u(key)), {"secret": letters, "uri": uri}

    def _sheet(self, setup_id: str, name: str) -> tuple[Secret, dict[str, Any]]:
        fresh = codes.new_codes(self.ids.octets(8 * codes.SHEET_CODES))
        kept = tuple(codes.hashed_code(self.key, setup_id, code) for code in fresh)
        return Secret(name, codes=kept), {"codes": list(fresh)}

    def _described(self, setup: Setup) -> dict[str, Any]:
        secret = self.secret(setup)
        described: dict[str, Any] = {
            "setup": setup.setup_id,
            "method": setup.method,
            "name": secret.name,
            "created_at": seconds(setup.created_at),
            "used_at": seconds(setup.used_at) if setup.used_at is not None else None,
        }
        if setup.method is Method.SHEET:
            described["left"] = len(secret.codes) - setup.used.bit_count()
        return described


def preparable(word: object) -> Method | None:
    """The method a word names, if it is one to prepare."""
    return next((method for method in PREPARED if method == word), None)
