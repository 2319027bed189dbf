"""Push messages against the standard's own example, a sender's token, and subscriptions that are none."""

from __future__ import annotations

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey

from ipse.kernel.ids import b64u, b64u_decode
from ipse.standards import web_push
from ipse.standards.phone_channel import public_jwk
from ipse.standards.web_push import Subscription, SubscriptionError

# RFC 8291 section 5 and appendix A.
PLAINTEXT = b"When I grow up, I want to be a watermelon"
SENDER = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
RECEIVER = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
RECEIVER_PUBLIC = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95b"
    "Qpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def private(text: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(b64u_decode(text)), ec.SECP256R1())


def subscription() -> Subscription:
    return web_push.read_subscription("https://push.example/x", RECEIVER_PUBLIC, AUTH)


def test_the_standards_own_example() -> None:
    body = web_push.encrypt(PLAINTEXT, subscription(), key=private(SENDER), salt=b64u_decode(SALT))
    assert b64u(body) == BODY


def test_the_example_opens() -> None:
    assert web_push.decrypt(b64u_decode(BODY), private(RECEIVER), b64u_decode(AUTH)) == PLAINTEXT


def test_it_opens_for_nobody_else() -> None:
    for key, auth in ((private(SENDER), b64u_decode(AUTH)), (private(RECEIVER), bytes(16))):
        with pytest.raises(InvalidTag):
            web_push.decrypt(b64u_decode(BODY), key, auth)


@given(st.binary(max_size=web_push.MOST_BYTES), st.binary(min_size=16, max_size=16))
def test_whatever_fits_comes_out_as_it_went_in(plaintext: bytes, salt: bytes) -> None:
    body = web_push.encrypt(plaintext, subscription(), key=private(SENDER), salt=salt)
    assert len(body) <= 4096
    assert web_push.decrypt(body, private(RECEIVER), b64u_decode(AUTH)) == plaintext


def test_more_than_a_record_is_refused() -> None:
    with pytest.raises(ValueError, match="3993"):
        web_push.encrypt(bytes(web_push.MOST_BYTES + 1), subscription(), key=private(SENDER), salt=bytes(16))


def test_the_sender_is_named_for_one_service_and_half_a_day() -> None:
    key, now = private(SENDER), 1_790_000_000
    text = web_push.authorization(key, audience="https://push.example", contact="mailto:ops@id.example", now=now)
    scheme, _, rest = text.partition(" ")
    parts = dict(part.strip().split("=", 1) for part in rest.split(","))
    assert (scheme, parts["k"]) == ("vapid", web_push.public_key(key))
    judged = jwt.decode(parts["t"], ECKey.import_key({**public_jwk(key.public_key())}), algorithms=["ES256"])
    assert judged.claims == {"aud": "https://push.example", "exp": now + 43_200, "sub": "mailto:ops@id.example"}


@pytest.mark.parametrize(
    ("endpoint", "p256dh", "auth"),
    [
        (None, RECEIVER_PUBLIC, AUTH),
        ("https://push.example/x", "AAAA", AUTH),
        ("https://push.example/x", b64u(b"\x04" + bytes(64)), AUTH),
        ("https://push.example/x", RECEIVER_PUBLIC, "AAAA"),
        ("https://push.example/x", "%", AUTH),
        ("/x", RECEIVER_PUBLIC, AUTH),
        ("https://me@push.example/x", RECEIVER_PUBLIC, AUTH),
        ("https://push.example/" + "x" * 2048, RECEIVER_PUBLIC, AUTH),
    ],
)
def test_what_is_no_subscription_is_refused(endpoint: object, p256dh: object, auth: object) -> None:
    with pytest.raises(SubscriptionError):
        web_push.read_subscription(endpoint, p256dh, auth)


def test_a_push_service_reads_who_sends() -> None:
    """RFC 8292 section 4.2: the key of the token is the one that the subscription was made for."""
    key = private(SENDER)
    sent = web_push.authorization(key, audience="https://push.example", contact="mailto:a@b.example", now=1000)
    assert web_push.read_authorization(sent, audience="https://push.example", now=1000) == web_push.public_key(key)


@pytest.mark.parametrize(
    ("audience", "now", "change"),
    [
        ("https://other.example", 1000, ("", "")),
        ("https://push.example", 1000 + web_push.TOKEN_SECONDS, ("", "")),
        ("https://push.example", 1000 - 86_400, ("", "")),
        ("https://push.example", 1000, ("vapid", "bearer")),
        ("https://push.example", 1000, ("k=", "k=AAAA")),
        ("https://push.example", 1000, ("t=", "x=")),
        ("https://push.example", 1000, (".", "..")),
    ],
)
def test_a_sender_who_is_not_believed(audience: str, now: int, change: tuple[str, str]) -> None:
    """For another service, too late, too long, unsigned, or nothing of the kind."""
    key = private(SENDER)
    sent = web_push.authorization(key, audience="https://push.example", contact="mailto:a@b.example", now=1000)
    with pytest.raises(ValueError):  # noqa: PT011 - each says why in its own words
        web_push.read_authorization(sent.replace(*change) if change[0] else sent, audience=audience, now=now)


def test_a_sender_whose_token_another_key_has_signed() -> None:
    sent = web_push.authorization(private(SENDER), audience="https://a.example", contact="mailto:a@b.example", now=1)
    claimed = sent.partition("k=")[0] + "k=" + RECEIVER_PUBLIC
    with pytest.raises(ValueError, match="not signed with that key"):
        web_push.read_authorization(claimed, audience="https://a.example", now=1)
