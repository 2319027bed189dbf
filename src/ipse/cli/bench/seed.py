"""Fill a fresh database for a measurement: `python -m ipse.cli.bench.seed SETTINGS RESULT PHONES`.

It makes keys and tables, registers one key partner per preset, and gives each invented person an account and a phone
through the scheme's own services: the same rows as an activation leaves, without the visit to a bank.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from ipse.app.keystores import LoadedKeystore, create_keystore, open_keystore
from ipse.attributes.model import Evidence, Facts
from ipse.attributes.service import Attributes
from ipse.cli.bench.model import CODE, BenchPartner, Handset, Seeded
from ipse.kernel.clock import SystemClock
from ipse.kernel.ids import RandomIds, b64u_decode
from ipse.kernel.settings import Environment, Settings, read_settings
from ipse.partners.model import AuthMethod, Partner, Preset, Service, ServiceType, preset_algorithms
from ipse.partners.service import Partners
from ipse.people.model import AccountState, Enrolled
from ipse.people.service import People
from ipse.phones.model import Answer, NewPhone, PhoneState
from ipse.phones.service import Phones
from ipse.standards import phone_channel
from ipse.standards.jose import new_private_jwk
from ipse.storage.database import Database, open_database
from ipse.storage.migrations import migrate
from ipse.storage.statement import Transaction

_LANGUAGES = ("nl", "fr", "de", "en")
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi"})
_DONE = Answer(200, {})
_CLOCK = SystemClock()
_IDS = RandomIds()


@dataclass(frozen=True)
class Seeding:
    """The services that an activation uses."""

    people: People
    phones: Phones
    attributes: Attributes
    database: Database

    @classmethod
    def of(cls, database: Database, keystore: LoadedKeystore) -> Seeding:
        """Put them together."""
        people = People(database, keystore, _CLOCK, _IDS)
        phones = Phones(database, keystore, _CLOCK, _IDS)
        return cls(people, phones, Attributes(database, people.person_key, _CLOCK), database)

    async def phone(self, number: int) -> Handset:
        """Give an invented person an account and an active phone."""
        jwk = new_private_jwk("ES256")
        phone_id, chain = _IDS.identifier(), _IDS.identifier()
        public = {name: jwk[name] for name in ("kty", "crv", "x", "y")}
        key = phone_channel.private_key(jwk)
        enrol = phone_channel.sign(key, phone_channel.thumbprint(public), {"v": 1, "type": "enrol"})
        new = NewPhone(phone_id, public, phone_channel.thumbprint(public), "1.0.0")
        await self.database.transact(
            lambda: self.phones.creating(new, phone_channel.read(enrol), chain=chain, answer=_DONE, now=_CLOCK.now())
        )
        handset = Handset(phone_id, jwk["d"], _IDS.identifier(), _IDS.secret(), chain)
        message = {"v": 1, "type": "activate", "phone": phone_id, "iat": 0, "chain": chain}
        received = await self.phones.receive(
            phone_channel.read(phone_channel.sign(key, phone_id, message)),
            expected_type="activate",
            state=PhoneState.ENROLLING,
        )
        epoch = await self.people.current_epoch()
        salt = b64u_decode(handset.salt)
        code_key = (handset.code_key_id, phone_channel.code_key(CODE, salt, phone_id))

        def activation() -> Transaction[None]:
            now = _CLOCK.now()
            account, person_key, _ = yield from self.people.enrolling(_enrolled(number), epoch=epoch, now=now)
            facts, evidence = _facts(number, now)
            yield from self.attributes.keeping(account.account_id, person_key, facts, evidence, now)
            yield from self.phones.activating(received, account.account_id, code_key=code_key, answer=_DONE, now=now)

        await self.database.transact(activation)
        handset.chain = received.chain
        return handset


def _enrolled(number: int) -> Enrolled:
    return Enrolled(
        language="en",
        level="substantial",
        state=AccountState.ACTIVE,
        why=None,
        identity=f"BE:bench-{number}",
        phone_number=f"+32 4{number:08}",
        acceptances=(),
    )


def _facts(number: int, now: int) -> tuple[Facts, Evidence]:
    evidence = Evidence(
        evidence_id=_IDS.identifier(),
        registrar="bench",
        route="bank",
        adapter="bench",
        assurance="substantial",
        trust_framework="bench",
        process=None,
        references=(),
        source_check=None,
        result="accepted",
        verified_at=now,
        received_at=now,
        expires_at=None,
        original="",
    )
    return Facts(family_name=f"Person {number}", given_name="Bench", birthdate="1990-01-01"), evidence


async def _partner(partners: Partners, kind: str) -> BenchPartner:
    """A partner with private_key_jwt: ES256 or RS256 as its kind says, and an RSA key to encrypt to."""
    preset = Preset.MIGRATING if kind == Preset.MIGRATING else Preset.NEW
    signing = new_private_jwk("ES256") if preset is Preset.NEW else new_private_jwk("RS256")
    encryption = new_private_jwk("RSA-OAEP-256")
    partner_id = f"bench-{kind}"
    await partners.register_partner(
        Partner(
            partner_id=partner_id,
            name=f"Bench {kind}",
            state="active",
            auth_method=AuthMethod.PRIVATE_KEY_JWT,
            jwks={"keys": [_public(signing), _public(encryption)]},
            algorithms=preset_algorithms(preset, AuthMethod.PRIVATE_KEY_JWT, encryption_key_type="RSA"),
        ),
        secret=None,
        actor="bench",
    )
    code = f"BENCH_{kind.upper()}"
    redirect_uri = f"http://localhost:9/{kind}/callback"
    texts = dict.fromkeys(_LANGUAGES, "Log in")
    await partners.register_service(
        Service(
            code=code,
            partner_id=partner_id,
            type=ServiceType.AUTHENTICATION,
            state="active",
            name=texts,
            purpose=texts,
            redirect_uris=(redirect_uri,),
            contract={},
            pkce_required=True,
            profile="fapi2" if kind == "fapi2" else "default",
        ),
        actor="bench",
    )
    return BenchPartner(partner_id, kind, code, redirect_uri, signing, encryption)


def _public(jwk: dict[str, str]) -> dict[str, Any]:
    return {name: value for name, value in jwk.items() if name not in _PRIVATE}


async def seed(settings: Settings, count: int) -> Seeded:
    """Make keys, tables, partners and `count` phones."""
    create_keystore(settings.keystore, _IDS)
    keystore = open_keystore(settings.keystore)
    database = await open_database(settings.database)
    try:
        await migrate(database, now=_CLOCK.now())
        partners = Partners(database, keystore, _CLOCK, Environment(settings.environment))
        registered = [await _partner(partners, kind) for kind in ("new", "migrating", "fapi2")]
        seeding = Seeding.of(database, keystore)
        return Seeded(handsets=[await seeding.phone(number) for number in range(count)], partners=registered)
    finally:
        await database.close()


def _main() -> None:
    settings, result, count = sys.argv[1:]
    seeded = asyncio.run(seed(read_settings(Path(settings).read_bytes()), int(count)))
    path = Path(result)
    path.touch(mode=0o600)
    path.write_bytes(msgspec.json.encode(seeded))


if __name__ == "__main__":
    _main()
