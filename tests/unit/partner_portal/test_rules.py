"""Addresses, keys and names as the portal judges them before the partners' own rules do."""

from __future__ import annotations

import datetime as dt

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ipse.kernel.ids import RandomIds
from ipse.kernel.settings import Environment
from ipse.partner_portal.errors import FormRefused, PrivateKeyBrought
from ipse.partner_portal.rules import keys, names
from ipse.partner_portal.rules.addresses import mistake, read_addresses
from ipse.standards import jose

SANDBOX, PRODUCTION = Environment.SANDBOX, Environment.PRODUCTION


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("https://shop.example/back?x=1", ""),
        ("http://localhost:8765/callback", ""),
        ("http://127.0.0.1/callback", ""),
        ("shop.example/back", "address_no_scheme"),
        ("shop.example:8443/back", "address_no_scheme"),
        ("localhost:8765/callback", "address_no_http"),
        ("127.0.0.1:8765", "address_no_http"),
        ("https://shop.example/a b", "address_space"),
        ("https://shop.example/#back", "address_fragment"),
        ("https://*.shop.example/back", "address_wildcard"),
        ("shop:back", "address_custom_scheme"),
        ("http://shop.example/back", "address_http"),
        ("https://[::1/back", "address_unreadable"),
        ("https:///back", "address_no_host"),
    ],
)
def test_an_address_is_helped_before_it_is_refused(address: str, why: str) -> None:
    assert mistake(address, SANDBOX) == why


def test_every_bad_address_is_named() -> None:
    with pytest.raises(FormRefused) as caught:
        read_addresses("localhost:1/a\nhttps://good.example/\nhttps://b.example/#c", SANDBOX, field="x")
    found = (caught.value, *caught.value.others)
    assert [(one.why, one.words["address"]) for one in found] == [
        ("address_no_http", "localhost:1/a"),
        ("address_fragment", "https://b.example/#c"),
    ]


def test_production_reaches_nobodys_own_machine() -> None:
    for address in ("http://localhost/back", "https://localhost/back", "https://127.0.0.1/back"):
        assert mistake(address, PRODUCTION) == "address_loopback"
    assert read_addresses(" https://a.example/ \n\nhttps://a.example/\n", PRODUCTION, field="x") == (
        "https://a.example/",
    )


def test_public_keys_come_as_json_pem_or_certificate() -> None:
    private = rsa.generate_private_key(65537, 2048)
    pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    (jwk,) = keys.read_keys(pem, use="enc")
    assert (jwk["kty"], jwk["use"], len(jwk["kid"])) == ("RSA", "enc", 16)
    assert keys.strength(jwk) == "RSA 2048"
    other = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "shop")])
    begins = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, other.public_key(), 1, begins, begins.replace(year=2027))
        .sign(other, hashes.SHA256())
        .public_bytes(Encoding.PEM)
        .decode()
    )
    both = keys.read_keys(certificate + pem)
    assert [jwk["kty"] for jwk in both] == ["EC", "RSA"]
    assert both[0]["x5c"]


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("", FormRefused),
        ("no key", FormRefused),
        ('{"keys": []}', FormRefused),
        ('{"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "a"}]}', FormRefused),
        ('{"kty": "oct", "k": "AAAA"}', PrivateKeyBrought),
        ('{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "d": "AA"}', PrivateKeyBrought),
        ("-----BEGIN EC PRIVATE KEY-----", PrivateKeyBrought),
        ("-----BEGIN ENCRYPTED PRIVATE KEY-----", PrivateKeyBrought),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", FormRefused),
    ],
)
def test_what_is_no_public_key_is_refused(text: str, refused: type[FormRefused]) -> None:
    with pytest.raises(refused) as found:
        keys.read_keys(text)
    assert type(found.value) is refused


def test_a_proof_of_possession_counts_for_its_key_its_challenge_and_a_while() -> None:
    private = [jose.new_private_jwk("ES256", kid=kid) for kid in ("one", "two")]
    public = [jose.public_jwk(jwk) for jwk in private]
    now = 1_790_000_000_000_000

    def proof(
        place: int, *, challenge: str = "c", sub: str = "shop", iat: int = 1_790_000_000, typ: str = keys.POSSESSION
    ) -> str:
        claims = {"sub": sub, "challenge": challenge, "iat": iat}
        return jose.sign(claims, jose.private_keys([private[place]])[0], alg="ES256", typ=typ)

    def judged(*proofs: str) -> None:
        keys.check_possession("\n".join(proofs), public, client_id="shop", challenge="c", now=now)

    judged(proof(0), proof(1))
    wrong = (
        (proof(0),),
        (proof(0), proof(1, challenge="d")),
        (proof(0), proof(1, sub="other")),
        (proof(0), proof(1, iat=1_789_990_000)),
        (proof(0), proof(1, typ="jwt")),
        (proof(0), "a.b.c"),
        (),
    )
    for proofs in wrong:
        with pytest.raises(FormRefused):
            judged(*proofs)


def test_names_become_client_ids_and_codes() -> None:
    ids = RandomIds()
    assert names.client_id("Bäckerei & Söhne GmbH, Aachen-Mitte", ids).startswith("backerei-sohne-gmbh-aach")
    assert names.client_id("株式会社", ids).startswith("partner-")
    assert names.service_code("Members' corner", ids).startswith("MEMBERS_CORNER_")
    for wrong in ("", " ", "a" * 101, "a\u202eb"):
        with pytest.raises(FormRefused):
            names.read_name(wrong)
    texts = names.read_texts({"name_fr": "Boutique"}, "name", required=True, longest=100)
    assert texts == dict.fromkeys(names.LANGUAGES, "Boutique")
