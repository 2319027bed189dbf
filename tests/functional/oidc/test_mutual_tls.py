"""Partners that prove themselves by certificates, and tokens bound to them (RFC 8705), behind a named proxy."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from starlette.types import ASGIApp

from ipse.kernel.keystore import Keystore
from ipse.partners.model import AuthMethod
from ipse.storage.database import Database
from tests.functional.oidc.certified import SUBJECT, CertifiedParty, certified
from tests.functional.oidc.conftest import register
from tests.functional.oidc.in_process import PROXY, STRANGER, client_of, installed, reach
from tests.functional.oidc.installation import Installation
from tests.functional.oidc.prover import Prover
from tests.functional.oidc.relying_party import RelyingParty
from tests.functional.oidc.strict import pushed
from tests.functional.oidc.test_dpop import ONE_ENGINE, Keys, said
from tests.support.certificates import Issued, issue

AUTHORITY = issue("CN=Authority of partners", authority=True)
PARTNER, OWN = issue(SUBJECT, by=AUTHORITY), issue("CN=signed by itself")
MTLS = "https://mtls.id.example"
METHODS = {AuthMethod.TLS_CLIENT_AUTH: PARTNER, AuthMethod.SELF_SIGNED_TLS_CLIENT_AUTH: OWN}
pytestmark = ONE_ENGINE


@pytest.fixture
async def served(keystore: Keystore, database: Database) -> AsyncIterator[tuple[Installation, ASGIApp]]:
    """An installation behind a proxy that asks for certificates."""
    async with installed(
        keystore,
        database,
        authorities=(AUTHORITY.certificate,),
        certificate_proxies=(PROXY,),
        mtls_base_url=MTLS,
    ) as running:
        yield running


def connect(party: RelyingParty, application: ASGIApp, certificate: Issued | None, *, peer: str = PROXY) -> None:
    """Let a partner connect with a certificate, through the proxy."""
    party.browser = client_of(application, peer=peer)
    if certificate is not None:
        party.browser.headers["Client-Cert"] = certificate.header


async def approved(installation: Installation, party: RelyingParty) -> tuple[str, str]:
    began = await party.begin()
    await installation.approve(began.handle)
    return (await party.finish(began))["code"], began.verifier


@asynccontextmanager
async def joined(
    served: tuple[Installation, ASGIApp], method: AuthMethod, *, profile: str = "default"
) -> AsyncIterator[CertifiedParty]:
    installation, application = served
    party = await certified(installation, method, own=OWN, profile=profile)
    await party.close()
    connect(party, application, METHODS[method])
    yield party
    await party.close()


@pytest.mark.parametrize("method", METHODS)
async def test_a_login_by_certificate(served: tuple[Installation, ASGIApp], method: AuthMethod) -> None:
    installation, application = served
    async with joined(served, method) as party:
        answer = await party.token(*await approved(installation, party))
        assert answer.status_code == 200, answer.text
        assert answer.json()["token_type"] == "Bearer"
        token = answer.json()["access_token"]
        assert (await party.userinfo(token)).status_code == 200

        # The token is of no use without the certificate, or with another one.
        for other in (None, issue(SUBJECT, by=AUTHORITY)):
            connect(party, application, other)
            refused = await party.userinfo(token)
            assert said(refused) == (401, "invalid_token")
            assert refused.headers["www-authenticate"].startswith('Bearer realm="ipse", error="invalid_token"')
        connect(party, application, METHODS[method], peer=STRANGER)
        assert said(await party.userinfo(token)) == (401, "invalid_token"), "a header of a stranger is no certificate"
        connect(party, application, METHODS[method])
        assert (await party.userinfo(token)).status_code == 200


REFUSED = {
    AuthMethod.TLS_CLIENT_AUTH: {
        "none": None,
        "another subject": issue("CN=other", by=AUTHORITY),
        "its own authority": issue(SUBJECT),
        "an authority of the same name": issue(SUBJECT, by=issue("CN=Authority of partners", authority=True)),
        "ended": issue(SUBJECT, by=AUTHORITY, days=(-9, -1)),
        "not begun": issue(SUBJECT, by=AUTHORITY, days=(1, 9)),
    },
    AuthMethod.SELF_SIGNED_TLS_CLIENT_AUTH: {
        "none": None,
        "another key": issue("CN=signed by itself"),
        "of an authority": PARTNER,
    },
}


@pytest.mark.parametrize("method", METHODS)
async def test_refused_with_the_same_words(served: tuple[Installation, ASGIApp], method: AuthMethod) -> None:
    """R-35."""
    _, application = served
    async with joined(served, method) as party:
        await party.discover()
        for why, certificate in REFUSED[method].items():
            connect(party, application, certificate)
            answer = await party.token("x" * 36, None)
            assert said(answer) == (400, "invalid_client"), why
            assert answer.json()["detail"] == "Client authentication failed"
        connect(party, application, METHODS[method], peer=STRANGER)
        assert said(await party.token("x" * 36, None)) == (400, "invalid_client"), "forged"
        connect(party, application, METHODS[method])
        for client_id in ("unknown", "Certified", None, "x" * 65):
            assert said(await party.token("x" * 36, None, client_id=client_id)) == (400, "invalid_client")
        party.browser.headers["Client-Cert"] = ":AAAA:"
        assert said(await party.token("x" * 36, None)) == (400, "invalid_client"), "no certificate"
        connect(party, application, METHODS[method])
        assert said(await party.token("x" * 36, None)) == (400, "invalid_grant")


async def test_a_secret_or_an_assertion_is_no_certificate(
    served: tuple[Installation, ASGIApp], partner_keys: Keys
) -> None:
    installation, application = served
    by_key = await register(installation, "new-ec", partner_keys["new-ec"], "LOGIN")
    by_secret = await register(installation, "migrating-secret", None, "LOGIN")
    async with joined(served, AuthMethod.TLS_CLIENT_AUTH) as party:
        await party.discover()
        for other in (by_key, by_secret):
            await reach(other, application, peer=PROXY)
            other.browser.headers["Client-Cert"] = PARTNER.header
            assert said(await other.token("x" * 36, None)) == (400, "invalid_grant"), "a certificate beside it is fine"
            assert said(await party.token("x" * 36, None, client_id=other.client_id)) == (400, "invalid_client")
            await other.close()
        for credentials in (
            {"client_secret": "x" * 40},
            {**by_key.credentials(), "client_assertion": by_key.assertion(sub="certified", iss="certified")},
        ):
            assert said(await party.token("x" * 36, None, **credentials)) == (400, "invalid_client")


async def test_whoever_shows_a_certificate_gets_a_bound_token(
    served: tuple[Installation, ASGIApp], partner_keys: Keys
) -> None:
    """Also a partner that signs an assertion: how it authenticates and what its tokens are bound to are two things."""
    installation, application = served
    party = await register(installation, "new-ec", partner_keys["new-ec"], "LOGIN")
    await party.close()
    connect(party, application, PARTNER)
    token = (await party.token(*await approved(installation, party))).json()["access_token"]
    assert (await party.userinfo(token)).status_code == 200
    connect(party, application, None)
    assert said(await party.userinfo(token)) == (401, "invalid_token")

    connect(party, application, PARTNER)
    prover = Prover(party)
    proven = await prover.token(*await approved(installation, party))
    assert proven.json()["token_type"] == "DPoP", "the key it proves counts before the certificate"
    connect(party, application, None)
    assert (await prover.read(proven.json()["access_token"])).status_code == 200
    await party.close()


async def test_revocation_by_certificate(served: tuple[Installation, ASGIApp]) -> None:
    installation, _ = served
    async with joined(served, AuthMethod.TLS_CLIENT_AUTH) as party:
        token = (await party.token(*await approved(installation, party))).json()["access_token"]
        document = await party.discover()
        form = {"client_id": "certified", "token": token}
        assert (await party.browser.post(document["revocation_endpoint"], data=form)).status_code == 200
        assert said(await party.userinfo(token)) == (401, "invalid_token")


async def test_discovery_says_where_certificates_are_asked_for(served: tuple[Installation, ASGIApp]) -> None:
    installation, application = served
    client = client_of(application)
    document = (await client.get(installation.issuer + "/.well-known/openid-configuration")).json()
    methods = document["token_endpoint_auth_methods_supported"]
    assert methods[2:] == ["self_signed_tls_client_auth", "tls_client_auth"]
    assert document["tls_client_certificate_bound_access_tokens"] is True
    aliases = document["mtls_endpoint_aliases"]
    assert aliases["token_endpoint"] == MTLS + "/v2/token"
    for name, alias in aliases.items():
        assert document[name] == alias.replace(MTLS, installation.settings.base_url)
    await client.aclose()


async def test_a_proof_may_name_the_alias(served: tuple[Installation, ASGIApp], partner_keys: Keys) -> None:
    """RFC 9449 §4.3: the address that was called, which with a certificate is the alias."""
    installation, application = served
    party = await register(installation, "new-ec", partner_keys["new-ec"], "LOGIN")
    await reach(party, application)
    prover = Prover(party)
    code, verifier = await approved(installation, party)
    alias = MTLS + "/v2/token"
    assert (
        said(await prover.token(code, verifier, proof={"htu": "https://evil.example/v2/token"}))[1] != "use_dpop_nonce"
    )
    answer = await prover.token(code, verifier, proof={"htu": alias})
    assert answer.status_code == 200, answer.text
    await party.close()


async def test_no_certificates_where_no_proxy_is_named(keystore: Keystore, database: Database) -> None:
    async with installed(keystore, database, authorities=(AUTHORITY.certificate,)) as (installation, application):
        party = await certified(installation, AuthMethod.TLS_CLIENT_AUTH)
        await party.close()
        connect(party, application, PARTNER)
        document = await party.discover()
        assert not {"tls_client_auth", "self_signed_tls_client_auth"} & set(
            document["token_endpoint_auth_methods_supported"]
        )
        assert document["tls_client_certificate_bound_access_tokens"] is False
        assert "mtls_endpoint_aliases" not in document
        assert said(await party.token("x" * 36, None)) == (400, "invalid_client")
        await party.close()


async def test_the_stricter_profile_takes_certificates(served: tuple[Installation, ASGIApp]) -> None:
    """FAPI 2.0 Security Profile §5.3.2.1: mutual TLS for both."""
    installation, application = served
    async with joined(served, AuthMethod.TLS_CLIENT_AUTH, profile="fapi2") as party:
        code, verifier = await pushed(installation, party)
        answer = await party.token(code, verifier)
        assert answer.status_code == 200, answer.text
        assert answer.json()["expires_in"] == 600
        assert (await party.userinfo(answer.json()["access_token"])).status_code == 200
        connect(party, application, None)
        assert said(await party.userinfo(answer.json()["access_token"])) == (401, "invalid_token")
