"""Who may redeem a code, and with what (R-21, R-23, R-34, R-35, C-11, T-9)."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from typing import Any

import pytest
from joserfc import jwe
from joserfc.jwk import ECKey, RSAKey

from ipse.actions import store as actions_store
from ipse.oidc.errors import InvalidClient
from ipse.oidc.rules.client_proofs import Endpoint
from tests.functional.oidc.conftest import KINDS, SECRET, Joining
from tests.functional.oidc.installation import Installation
from tests.functional.oidc.relying_party import ASSERTION_TYPE, RelyingParty, private_jwk

VERIFIER = "v" * 64


async def approved(installation: Installation, party: RelyingParty) -> tuple[str, str]:
    """A code and its verifier."""
    began = await party.begin()
    await installation.approve(began.handle)
    return (await party.finish(began))["code"], began.verifier


def judged(answer: Any) -> tuple[int, str]:
    body = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert body["detail"] == body["error_description"] != ""
    return answer.status_code, body["error"]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_code_counts_once_and_its_token_dies_with_the_second_use(
    installation: Installation, join: Joining, kind: str
) -> None:
    """R-21."""
    party = await join(kind)
    code, verifier = await approved(installation, party)
    first = await party.token(code, verifier)
    assert first.status_code == 200
    assert (await party.userinfo(first.json()["access_token"])).status_code == 200
    assert judged(await party.token(code, verifier)) == (400, "invalid_grant")
    assert (await party.userinfo(first.json()["access_token"])).status_code == 401


WRONGLY: list[dict[str, str | None]] = [
    {"code_verifier": "w" * 64},
    {"code_verifier": None},
    {"code_verifier": "short"},
    {"redirect_uri": "http://127.0.0.1:18499/new_ec/second"},
    {"redirect_uri": "http://127.0.0.1:18499/new_ec/back"},
]


async def test_a_code_presented_wrongly_is_spent(installation: Installation, join: Joining) -> None:
    """T-9: a stolen code is of no use without what it is bound to, and trying burns it."""
    party = await join()
    for changes in WRONGLY:
        code, verifier = await approved(installation, party)
        assert judged(await party.token(code, verifier, **changes)) == (400, "invalid_grant"), changes
        assert judged(await party.token(code, verifier)) == (400, "invalid_grant"), changes


async def test_a_verifier_without_a_challenge_is_a_downgrade(installation: Installation, join: Joining) -> None:
    """R-23."""
    party = await join()
    began = await party.begin(code_challenge=None, code_challenge_method=None)
    await installation.approve(began.handle)
    code = (await party.finish(began))["code"]
    assert judged(await party.token(code, began.verifier)) == (400, "invalid_grant")


MALFORMED: list[tuple[dict[str, str | None], str]] = [
    ({"grant_type": None}, "invalid_request"),
    ({"grant_type": "password"}, "unsupported_grant_type"),
    ({"grant_type": "refresh_token"}, "unsupported_grant_type"),
    ({"code": None}, "invalid_request"),
    ({"redirect_uri": None}, "invalid_request"),
    ({"code": "x" * 36}, "invalid_grant"),
    ({"code": "\x00"}, "invalid_request"),
]


async def test_malformed_token_requests_spend_nothing(installation: Installation, join: Joining) -> None:
    party = await join()
    code, verifier = await approved(installation, party)
    for changes, error in MALFORMED:
        assert judged(await party.token(code, verifier, **changes)) == (400, error), changes
    assert (await party.token(code, verifier)).status_code == 200


async def test_another_partner_cannot_use_the_code(installation: Installation, join: Joining) -> None:
    """T-9: code injection. It stays good for its owner."""
    party, other = await join(), await join("migrating-secret")
    code, verifier = await approved(installation, party)
    answer = await other.token(code, verifier, redirect_uri=party.redirect_uri)
    assert judged(answer) == (400, "invalid_grant")
    assert (await party.token(code, verifier)).status_code == 200


async def test_a_blocked_person_ends_codes_and_tokens(installation: Installation, join: Joining) -> None:
    party = await join()
    person = await installation.new_person()
    began = await party.begin()
    await installation.approve(began.handle, person=person)
    answer = await party.tokens(began)
    await installation.database.rows(
        "update actions_actions set code_hash = null, token_hash = null where account_id = $1 returning action_id",
        person,
    )
    assert (await party.userinfo(answer["access_token"])).status_code == 401


async def test_a_code_that_a_block_took_away_is_not_given_again(installation: Installation, join: Joining) -> None:
    """T-14: the thief's browser asks once more after the block, as a browser whose answer was lost does."""
    party = await join()
    person = await installation.new_person()
    began = await party.begin()
    await installation.approve(began.handle, person=person)
    code = (await party.finish(began))["code"]
    await installation.database.rows(actions_store.REVOKE_ALL, person)
    again = await party.browser.get(f"{party.issuer}/sign-in/{began.handle}/finish")
    assert again.headers["location"] == f"/v2/sign-in/{began.handle}", "to our own page, not to the partner"
    assert (await party.browser.get(f"{party.issuer}/sign-in/{began.handle}")).status_code == 200
    assert judged(await party.token(code, began.verifier)) == (400, "invalid_grant")


ASSERTIONS: list[dict[str, Any]] = [
    {"iss": "other"},
    {"sub": "other"},
    {"sub": "migrating_secret", "iss": "migrating_secret"},
    {"sub": "unknown", "iss": "unknown"},
    {"sub": None},
    {"sub": ["new_ec"]},
    {"aud": "https://other.example"},
    {"aud": None},
    {"exp": None},
    {"exp": 1},
    {"exp": "soon"},
    {"iat": 4_000_000_000},
    {"iat": 1_000_000_000, "exp": 4_000_000_000},
    {"iat": None, "exp": 4_000_000_000},
    {"nbf": 4_000_000_000},
    {"jti": None},
    {"jti": "x" * 256},
    {"jti": 7},
    {"header": {"typ": "at+jwt"}},
    {"header": {"typ": "oauth-authz-req+jwt"}},
    {"header": {"typ": "secevent+jwt"}},
    {"header": {"typ": "ipse-phone+jwt"}},
    {"header": {"kid": "unknown"}},
    {"header": {"kid": "e1"}},
]
WAYS: list[tuple[dict[str, str | None], str]] = [
    ({"client_assertion_type": None}, "invalid_client"),
    ({"client_assertion_type": "urn:other"}, "invalid_client"),
    ({"client_assertion": None}, "invalid_client"),
    ({"client_secret": "x" * 40}, "invalid_request"),
    ({"client_assertion": None, "client_secret": "x" * 40}, "invalid_request"),
    ({"client_id": "other"}, "invalid_client"),
    ({"client_id": "new_ec"}, "invalid_grant"),
]
SECRETS = [
    ("migrating_secret", "x" * 40),
    ("migrating_secret", SECRET + "x"),
    ("migrating_secret", SECRET[:-1]),
    ("unknown", SECRET),
    ("", SECRET),
    ("new_ec", SECRET),
    ("Migrating_Secret", SECRET),
]


class TestAssertions:
    """R-34, R-35, C-11."""

    async def redeem(self, party: RelyingParty, **form: str | None) -> tuple[int, str]:
        return judged(await party.token("x" * 36, VERIFIER, **form))

    async def test_refused_with_the_same_words(self, join: Joining) -> None:
        party = await join()
        for changes in ASSERTIONS:
            answer = await party.token("x" * 36, VERIFIER, client_assertion=party.assertion(**dict(changes)))
            assert judged(answer) == (400, "invalid_client"), changes
            assert answer.json()["detail"] == "Client authentication failed"

    async def test_accepted_audiences(self, join: Joining) -> None:
        """C-11: the issuer, or exactly the token endpoint; one text, never a list."""
        party = await join()
        endpoint = (await party.discover())["token_endpoint"]
        for audience, error in (
            (party.issuer, "invalid_grant"),
            (endpoint, "invalid_grant"),
            ([party.issuer], "invalid_client"),
            (endpoint + "/", "invalid_client"),
            (party.issuer.upper(), "invalid_client"),
            (party.issuer + "/authorization", "invalid_client"),
        ):
            assertion = party.assertion(aud=audience)
            assert (await self.redeem(party, client_assertion=assertion))[1] == error, audience

    async def test_accepted_types(self, join: Joining) -> None:
        party = await join()
        for typ in ("JWT", "client-authentication+jwt", "application/client-authentication+jwt"):
            assertion = party.assertion(header={"typ": typ})
            assert (await self.redeem(party, client_assertion=assertion))[1] == "invalid_grant", typ

    async def test_an_hour_long_assertion_is_good_for_five_minutes(self, join: Joining) -> None:
        """Libraries in the wild say an hour; it counts from `iat` for as long as any other (R-17)."""
        party = await join()
        now = int(time.time())
        fresh, old = party.assertion(iat=now, exp=now + 3600), party.assertion(iat=now - 400, exp=now + 3600)
        assert (await self.redeem(party, client_assertion=fresh))[1] == "invalid_grant"
        assert (await self.redeem(party, client_assertion=old))[1] == "invalid_client"

    async def test_a_jti_counts_once(self, join: Joining) -> None:
        party = await join()
        assertion = party.assertion()
        assert (await self.redeem(party, client_assertion=assertion))[1] == "invalid_grant"
        assert (await self.redeem(party, client_assertion=assertion))[1] == "invalid_client"
        again = party.assertion(jti=json.loads(_payload(assertion))["jti"])
        assert (await self.redeem(party, client_assertion=again))[1] == "invalid_client"

    async def test_one_jti_fifty_times_at_once(self, join: Joining) -> None:
        """T-14."""
        party = await join()
        assertion = party.assertion()
        answers = await asyncio.gather(*(self.redeem(party, client_assertion=assertion) for _ in range(50)))
        assert sorted(error for _, error in answers) == ["invalid_client"] * 49 + ["invalid_grant"]

    async def test_a_refused_assertion_does_not_spend_the_jti(self, join: Joining) -> None:
        party = await join()
        wrong = party.assertion(jti="mine", aud="https://other.example")
        assert (await self.redeem(party, client_assertion=wrong))[1] == "invalid_client"
        assert (await self.redeem(party, client_assertion=party.assertion(jti="mine")))[1] == "invalid_grant"

    async def test_signed_by_a_stranger(self, join: Joining) -> None:
        party = await join()
        own = party.signing
        party.signing = private_jwk("EC", "sig", "s1")
        assert (await self.redeem(party))[1] == "invalid_client"
        party.signing = own
        unsigned = party.assertion().rpartition(".")[0] + "."
        assert (await self.redeem(party, client_assertion=unsigned))[1] == "invalid_client"
        for nonsense in ("x", "a.b.c", "a.b.c.d.e", "é", "." * 30_000):
            assert (await self.redeem(party, client_assertion=nonsense))[1] == "invalid_client"

    @pytest.mark.parametrize("alg", ["RSA-OAEP-256", "RSA-OAEP"])
    @pytest.mark.parametrize("enc", ["A128CBC-HS256", "A256GCM"])
    async def test_signed_then_encrypted(self, join: Joining, alg: str, enc: str) -> None:
        """Partner protocol 1.10: three parts or five. An encryption alone proves nothing (R-14)."""
        party = await join()
        keys = (await party.browser.get((await party.discover())["jwks_uri"])).json()["keys"]
        (jwk,) = [jwk for jwk in keys if jwk["use"] == "enc"]
        if jwk["alg"] != alg:
            jwk = {**jwk, "alg": alg}
        key = RSAKey.import_key({name: jwk[name] for name in ("kty", "n", "e", "kid")})
        header = {"alg": alg, "enc": enc, "kid": jwk["kid"], "cty": "JWT"}
        expected = "invalid_grant" if alg == "RSA-OAEP-256" else "invalid_client"
        sealed = jwe.encrypt_compact(header, party.assertion(), key, algorithms=[alg, enc])
        assert (await self.redeem(party, client_assertion=sealed))[1] == expected
        for inside in ('{"sub":"new_ec"}', "", "\xff"):
            sealed = jwe.encrypt_compact(header, inside, key, algorithms=[alg, enc])
            assert (await self.redeem(party, client_assertion=sealed))[1] == "invalid_client"

    async def test_encrypted_to_a_key_that_is_not_ours(self, join: Joining) -> None:
        party = await join()
        key = ECKey.generate_key("P-256")
        header = {"alg": "ECDH-ES", "enc": "A256GCM", "kid": "x", "cty": "JWT"}
        sealed = jwe.encrypt_compact(header, party.assertion(), key, algorithms=["ECDH-ES", "A256GCM"])
        assert (await self.redeem(party, client_assertion=sealed))[1] == "invalid_client"

    async def test_one_way_of_proving_oneself(self, join: Joining) -> None:
        party = await join()
        for form, expected in WAYS:
            assert (await self.redeem(party, **form))[1] == expected, form

    async def test_an_authorization_header_is_no_way_here(self, join: Joining) -> None:
        party = await join("migrating-secret")
        endpoint = (await party.discover())["token_endpoint"]
        basic = (party.client_id, SECRET)
        alone = await party.browser.post(endpoint, data={"grant_type": "authorization_code"}, auth=basic)
        assert (alone.status_code, alone.json()["error"]) == (401, "invalid_client")
        assert alone.headers["www-authenticate"].startswith("Basic ")
        both = await party.browser.post(endpoint, data=party.credentials(), auth=basic)
        assert (both.status_code, both.json()["error"]) == (400, "invalid_request")

    async def test_secrets(self, join: Joining) -> None:
        await join()
        party = await join("migrating-secret")
        assert (await self.redeem(party))[1] == "invalid_grant"
        for client_id, secret in SECRETS:
            wrong = {"client_id": client_id or None, "client_secret": secret}
            assert await self.redeem(party, **wrong) == (400, "invalid_client"), wrong

    async def test_a_key_partner_has_no_secret_and_a_secret_partner_no_key(self, join: Joining) -> None:
        party = await join("migrating-secret")
        party.signing = private_jwk("EC", "sig", "s1")
        form = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": party.assertion()}
        answer = await self.redeem(party, client_id=None, client_secret=None, **form)
        assert answer == (400, "invalid_client")

    async def test_bodies(self, join: Joining) -> None:
        party = await join("migrating-secret")
        endpoint = (await party.discover())["token_endpoint"]
        form = "&".join(f"{name}={value}" for name, value in party.credentials().items())
        for content, kind in (
            (form + "&code=a&code=b", "application/x-www-form-urlencoded"),
            (form + "&code=%ff", "application/x-www-form-urlencoded"),
            ("{}", "application/json"),
            ("code=" + "x" * 70_000, "application/x-www-form-urlencoded"),
        ):
            answer = await party.browser.post(endpoint, content=content, headers={"content-type": kind})
            assert judged(answer) == (400, "invalid_request")
        assert (await party.browser.get(endpoint)).status_code == 405

    async def test_an_unknown_partner_takes_as_long_as_a_wrong_signature(
        self, installation: Installation, join: Joining
    ) -> None:
        """R-35: measured without HTTP, where a verification left out would show: it is most of the work."""
        party = await join()
        party.signing = private_jwk("EC", "sig", "s1")
        ways: dict[str, dict[str, Any]] = {
            "wrong signature": {},
            "unknown partner": {"sub": "nobody", "iss": "nobody"},
            "unknown key": {"header": {"kid": "nobody"}},
        }
        times: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(100):
            for way, changes in ways.items():
                form = party.credentials() | {"client_assertion": party.assertion(**dict(changes))}
                begin = time.thread_time()
                with pytest.raises(InvalidClient):
                    await installation.provider.authentication.prove(form, at=Endpoint.TOKEN)
                times[way].append(time.thread_time() - begin)
        medians = {way: statistics.median(taken) for way, taken in times.items()}
        assert max(medians.values()) < 1.5 * min(medians.values()), medians


async def test_the_log_says_what_the_answer_does_not(installation: Installation, join: Joining) -> None:
    """R-35: the answers are alike. Whoever is registered is told more, and a name that nobody has is told nothing."""
    by_key, by_secret = await join(), await join("migrating-secret")
    header = by_key.assertion(header={"kid": "unknown"})
    await by_key.token("x" * 36, VERIFIER, client_assertion=header)
    await by_key.token("x" * 36, VERIFIER, client_assertion=by_key.assertion(aud="https://other.example"))
    endpoint = (await by_secret.discover())["token_endpoint"]
    await by_secret.token("x" * 36, VERIFIER, client_secret="x" * 40)
    await by_secret.browser.post(endpoint, data={"grant_type": "authorization_code"}, auth=(by_secret.client_id, "x"))
    code, verifier = await approved(installation, by_secret)
    await by_secret.token(code, verifier)
    await by_secret.token(code, verifier)
    assert await _told(installation, by_key) == {
        "assertion: no registered key with this kid",
        f"assertion: aud must be, as one text, {by_key.issuer} or {endpoint}",
    }
    assert await _told(installation, by_secret) == {
        "unknown partner or wrong secret",
        "an Authorization header; credentials belong into the body",
        "The code was used before; its access token is revoked",
    }


async def _told(installation: Installation, party: RelyingParty) -> set[str]:
    return {line.description for line in await installation.provider.request_log.lines(party.client_id)}


def _payload(token: str) -> bytes:
    from base64 import urlsafe_b64decode

    part = token.split(".")[1]
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))
