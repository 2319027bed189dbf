"""A partner that proves itself by the certificate of its connection (RFC 8705)."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc.jwk import ECKey

from ipse.partners.model import AuthMethod, Partner, Preset, Service, ServiceType, preset_algorithms
from tests.functional.oidc.installation import Installation
from tests.functional.oidc.relying_party import RelyingParty, private_jwk, public_jwk
from tests.support.certificates import Issued

SUBJECT = "CN=certified,O=Partner,C=BE"
REDIRECT = "http://127.0.0.1:18499/certified/back"


@dataclass
class CertifiedParty(RelyingParty):
    """Says only its name in the body; the connection says the rest."""

    def credentials(self) -> dict[str, str]:
        return {"client_id": self.client_id}


def jwk_of(issued: Issued, kid: str) -> dict[str, Any]:
    """The public JWK of a certificate, with the certificate in it."""
    pem = issued.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    key = ECKey.import_key(pem).as_dict(private=False)
    return {**key, "kid": kid, "use": "sig", "x5c": [b64encode(issued.der).decode()]}


async def certified(
    installation: Installation, method: AuthMethod, *, own: Issued | None = None, profile: str = "default"
) -> CertifiedParty:
    """Register a partner with one service; `own` is the certificate it signed itself."""
    encryption = private_jwk("EC", "enc", "e1")
    keys = [public_jwk(encryption), *([jwk_of(own, "c1")] if own else [])]
    partner = Partner(
        partner_id="certified",
        name="A certified partner",
        state="active",
        auth_method=method,
        jwks={"keys": keys},
        algorithms=preset_algorithms(Preset.NEW, method, encryption_key_type="EC"),
        tls_subject=SUBJECT if method is AuthMethod.TLS_CLIENT_AUTH else "",
    )
    await installation.partners.register_partner(partner, secret=None, actor="test")
    text = dict.fromkeys(("nl", "fr", "de", "en"), "Login")
    service = Service(
        code="CERTIFIED_LOGIN",
        partner_id="certified",
        type=ServiceType.AUTHENTICATION,
        state="active",
        name=text,
        purpose=text,
        redirect_uris=(REDIRECT,),
        contract={},
        profile=profile,
    )
    await installation.partners.register_service(service, actor="test")
    return CertifiedParty(
        issuer=installation.issuer,
        client_id="certified",
        redirect_uri=REDIRECT,
        service=service.code,
        encryption=encryption,
    )
