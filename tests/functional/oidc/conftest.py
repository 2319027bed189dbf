"""Partners of every kind, at an installation on either database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from ipse.app.keystores import create_keystore, open_keystore
from ipse.attributes.model import ATTRIBUTES
from ipse.kernel.ids import RandomIds
from ipse.kernel.keystore import Keystore
from ipse.partners.model import AuthMethod, Partner, Preset, Service, ServiceType, preset_algorithms
from ipse.storage.database import Database
from tests.functional.oidc.installation import Installation, serving
from tests.functional.oidc.relying_party import RelyingParty, private_jwk, public_jwk

KINDS = ("new-ec", "new-rsa", "migrating-key", "migrating-secret")
SECRET = "a secret of a partner that migrates, 256 bits"
CONTRACTS: dict[str, dict[str, str]] = {
    "LOGIN": {},
    "SHARE": dict.fromkeys(ATTRIBUTES, "voluntary") | {"family_name": "required"},
    "NARROW": {"given_name": "required", "email": "voluntary", "email_verified": "voluntary"},
    "STRICT": {},
}
Joining = Callable[..., Awaitable[RelyingParty]]


@pytest.fixture(scope="session")
def keystore_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "keystore.json"
    create_keystore(f"file:{path}", RandomIds())
    return path


@pytest.fixture(scope="session")
def keystore(keystore_file: Path) -> Keystore:
    return open_keystore(f"file:{keystore_file}")


@pytest.fixture(scope="session")
def partner_keys() -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    return {
        "new-ec": (private_jwk("EC", "sig", "s1"), private_jwk("EC", "enc", "e1")),
        "new-rsa": (private_jwk("EC", "sig", "s1"), private_jwk("RSA", "enc", "e1")),
        "migrating-key": (private_jwk("RSA", "sig", "s1"), private_jwk("RSA", "enc", "e1")),
    }


@pytest.fixture
async def installation(keystore: Keystore, database: Database) -> AsyncIterator[Installation]:
    async with serving(keystore, database) as running:
        yield running


@pytest.fixture
async def join(
    installation: Installation, partner_keys: dict[str, tuple[dict[str, Any], dict[str, Any]]]
) -> AsyncIterator[Joining]:
    """Register a partner of a kind with its services, and play its back end."""
    joined: list[RelyingParty] = []

    async def joining(kind: str = "new-ec", *, service: str = "LOGIN") -> RelyingParty:
        party = await register(installation, kind, partner_keys.get(kind), service)
        joined.append(party)
        return party

    yield joining
    for party in joined:
        await party.close()


async def register(
    installation: Installation, kind: str, keys: tuple[dict[str, Any], dict[str, Any]] | None, service: str
) -> RelyingParty:
    client_id = kind.replace("-", "_")
    method = AuthMethod.PRIVATE_KEY_JWT if keys else AuthMethod.CLIENT_SECRET_POST
    algorithms = preset_algorithms(
        Preset.NEW if kind.startswith("new") else Preset.MIGRATING,
        method,
        encryption_key_type=keys[1]["kty"] if keys else None,
    )
    partner = Partner(
        partner_id=client_id,
        name=f"Partner {kind}",
        state="active",
        auth_method=method,
        jwks={"keys": [public_jwk(jwk) for jwk in keys]} if keys else None,
        algorithms=algorithms,
        preset=Preset.NEW if kind.startswith("new") else Preset.MIGRATING,
    )
    await installation.partners.register_partner(partner, secret=None if keys else SECRET, actor="test")
    redirect_uri = f"http://127.0.0.1:18499/{client_id}/back?a=1"
    for name, contract in CONTRACTS.items():
        text = dict.fromkeys(("nl", "fr", "de", "en"), name)
        await installation.partners.register_service(
            Service(
                code=f"{client_id.upper()}_{name}",
                partner_id=client_id,
                type=ServiceType.IDENTIFICATION if name == "SHARE" else ServiceType.AUTHENTICATION,
                state="active",
                name=text,
                purpose=text,
                redirect_uris=(redirect_uri, f"http://127.0.0.1:18499/{client_id}/second"),
                contract=contract,
                pkce_required=name == "STRICT",
            ),
            actor="test",
        )
    return RelyingParty(
        issuer=installation.issuer,
        client_id=client_id,
        redirect_uri=redirect_uri,
        service=f"{client_id.upper()}_{service}",
        secret=None if keys else SECRET,
        signing=keys[0] if keys else None,
        encryption=keys[1] if keys else None,
        algorithms=(
            algorithms.id_token_signed_response_alg,
            algorithms.id_token_encrypted_response_alg,
            algorithms.id_token_encrypted_response_enc,
        ),
    )
