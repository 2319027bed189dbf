"""Clients with their keys, as the lab's file wants them, told to the scheme through its own register."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ipse.attributes.model import ATTRIBUTES
from ipse.cli.lab.file import Client, LabFile, LabService
from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.ids import Ids
from ipse.partners.model import Algorithms, AuthMethod, Partner, Preset, Service, ServiceType
from ipse.partners.service import Partners
from ipse.standards.jose import new_private_jwk, public_jwk

ACTOR: Final = "lab"
_METHODS: Final = {
    "private_key_jwt": AuthMethod.PRIVATE_KEY_JWT,
    "client_secret_post": AuthMethod.CLIENT_SECRET_POST,
    "client_secret_basic": AuthMethod.CLIENT_SECRET_POST,
    "self_signed_tls_client_auth": AuthMethod.SELF_SIGNED_TLS_CLIENT_AUTH,
}
_DAYS: Final = 3650


class Credentials(msgspec.Struct, frozen=True):
    """What only a client knows."""

    secret: str = ""
    keys: tuple[dict[str, Any], ...] = ()
    certificate: str = ""
    certificate_key: str = ""


def credentials(lab: LabFile, path: Path, ids: Ids, clock: Clock) -> dict[str, Credentials]:
    """What was made for each client before, and what new ones need; kept in a file of its owner alone."""
    kept = msgspec.json.decode(path.read_bytes(), type=dict[str, Credentials]) if path.exists() else {}
    made = {client.id: kept.get(client.id) or _credentials(client, ids, clock) for client in lab.clients}
    if made != kept:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(made)))
    return made


def _credentials(client: Client, ids: Ids, clock: Clock) -> Credentials:
    certificate, key = certificate_of(client.id, clock)
    if _METHODS[client.auth] is AuthMethod.CLIENT_SECRET_POST:
        return Credentials(secret=ids.secret(), certificate=certificate, certificate_key=key)
    encryption = client.encryption[0] if client.encryption else "RSA-OAEP-256"
    keys = (new_private_jwk(client.signing), new_private_jwk(encryption))
    return Credentials(keys=keys, certificate=certificate, certificate_key=key)


def certificate_of(client_id: str, clock: Clock) -> tuple[str, str]:
    """A certificate that the client has signed itself, and its key, in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, client_id)])
    now = datetime.fromtimestamp(clock.now() / SECOND, UTC)
    certificate = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=_DAYS))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode(), private.decode()


async def register(partners: Partners, lab: LabFile, known: Mapping[str, Credentials]) -> None:
    """Tell the scheme of every client and service, unless it knows all that already."""
    for client in lab.clients:
        wanted, secret = partner(client, known[client.id]), known[client.id].secret or None
        registered = await partners.partner(client.id)
        if registered is None or msgspec.structs.replace(registered, sealed_secret=None) != wanted:
            await partners.register_partner(wanted, secret=secret, actor=ACTOR)
        for each in client.services:
            described = service(client.id, client.name, each)
            if await partners.registered(each.code) != described:
                await partners.register_service(described, actor=ACTOR)


def partner(client: Client, known: Credentials) -> Partner:
    """A client as the scheme registers it: answers signed only where none is to be encrypted, UserInfo as JSON."""
    alg, enc = client.encryption or ("", "")
    return Partner(
        partner_id=client.id,
        name=client.name,
        state="active",
        auth_method=_METHODS[client.auth],
        jwks={"keys": [public_jwk(jwk) for jwk in known.keys]} if known.keys else None,
        algorithms=Algorithms(
            id_token_signed_response_alg=client.id_token,
            id_token_encrypted_response_alg=alg,
            id_token_encrypted_response_enc=enc,
            userinfo_signed_response_alg="",
            userinfo_encrypted_response_alg="",
            userinfo_encrypted_response_enc="",
            token_endpoint_auth_signing_alg=("ES256", "PS256", "EdDSA", "RS256"),
            userinfo_media_type="application/json",
        ),
        preset=Preset.MIGRATING if any(service.match_optional for service in client.services) else Preset.NEW,
    )


def service(client_id: str, name: str, wanted: LabService) -> Service:
    """A service as the scheme registers it."""
    texts = dict.fromkeys(("nl", "fr", "de", "en"), name)
    return Service(
        code=wanted.code,
        partner_id=client_id,
        type=ServiceType(wanted.type),
        state="active",
        name=texts,
        purpose=texts,
        redirect_uris=wanted.redirect_uris,
        contract=dict.fromkeys(ATTRIBUTES, "voluntary") if wanted.everything else {},
        pkce_required=wanted.pkce_required,
        profile=wanted.profile,
        message_signing=wanted.message_signing,
        backchannel_mode=wanted.backchannel_mode,
        notification_endpoint=wanted.notification_endpoint,
        match_optional=wanted.match_optional,
        fallbacks=wanted.fallbacks,
        essential=wanted.essential,
    )
