"""Back-channel authentication in poll mode on both databases: CIBA Core §7, §10.1, §11; the protocol's section 1.12."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import httpx
import pytest

from ipse.actions.service import Messages
from ipse.kernel.clock import SECOND
from ipse.kernel.ids import RandomIds, sha256
from ipse.kernel.keystore import Keystore
from ipse.notices.service import Notices
from ipse.partners.errors import PartnerRegistrationError
from ipse.partners.model import Preset, ServiceType
from ipse.people.model import BlockReason
from ipse.phones.model import StopReason
from ipse.phones.service import Phones
from ipse.storage.database import Database
from tests.functional.oidc.back_channel import EDWARDS, GRANT_TYPE, KEYS, RSA, Street, street
from tests.functional.oidc.prover import Prover

_HASH = "select request_hash from oidc_backchannel where request_hash = $1"

ONE_ENGINE = pytest.mark.parametrize("engine", ["sqlite"])
"""For what does not differ by engine."""


@pytest.fixture
async def lane(keystore: Keystore, database: Database) -> AsyncIterator[Street]:
    async with street(keystore, database) as running:
        yield running


async def test_somebody_known_is_asked_approves_and_is_told_of(lane: Street) -> None:
    """From the request to UserInfo, with the defaults of section 1.13 and the two digits to show."""
    door = await lane.door(contract={"given_name": "voluntary"})
    ada, (subject,) = await lane.person(door)
    asked = await door.asked(subject, claims={"id_token": {"given_name": None}})
    assert set(asked) == {"auth_req_id", "expires_in", "interval", "match"}
    assert (asked["expires_in"], asked["interval"]) == (120, 2)
    assert asked["match"].isdigit()
    assert len(asked["match"]) == 2
    assert await lane.reached(asked)
    waiting = await door.fetch(asked)
    assert (waiting.status_code, waiting.json()["error"]) == (400, "authorization_pending")
    await lane.approve(asked, ada, values={"given_name": "Ada"})
    lane.clock.advance(seconds=2)
    tokens = (await door.fetch(asked)).json()
    await door.discover()
    claims = await door.opened(tokens["id_token"])
    assert (claims["sub"], claims["given_name"]) == (subject, "Ada")
    assert claims["acr"].endswith("acr_basic")
    assert tokens["token_type"] == "Bearer"
    assert "refresh_token" not in tokens
    assert (await door.shared(tokens["access_token"]))["sub"] == subject


async def test_a_result_is_given_once_to_fifty_that_fetch_at_once(lane: Street) -> None:
    """Exactly one of fifty redemptions wins (T-9, R-21)."""
    door = await lane.door()
    ada, (subject,) = await lane.person(door)
    asked = await door.asked(subject)
    await lane.approve(asked, ada)
    answers = await asyncio.gather(*(door.fetch(asked) for _ in range(50)))
    outcomes = Counter(answer.json().get("error", "tokens") for answer in answers)
    assert outcomes == {"tokens": 1, "invalid_grant": 49}


async def test_who_asks_too_early_waits_five_seconds_longer_ever_after(lane: Street) -> None:
    """CIBA Core §11: the pause is two seconds, then seven, then twelve, whatever process is asked."""
    door = await lane.door()
    _, (subject,) = await lane.person(door)
    asked = await door.asked(subject, requested_expiry=300)

    async def told(after: float) -> str:
        lane.clock.advance(seconds=after)
        return str((await door.fetch(asked)).json()["error"])

    assert [await told(after) for after in (0, 2, 1, 6, 12, 11.9, 17, 17)] == [
        "authorization_pending",
        "authorization_pending",
        "slow_down",
        "slow_down",
        "authorization_pending",
        "slow_down",
        "authorization_pending",
        "authorization_pending",
    ]


@ONE_ENGINE
async def test_nobody_decides_in_time(lane: Street) -> None:
    door = await lane.door()
    ada, (subject,) = await lane.person(door)
    asked = await door.asked(subject)
    lane.clock.advance(seconds=119)
    assert (await door.fetch(asked)).json()["error"] == "authorization_pending"
    lane.clock.advance(seconds=2)
    assert (await door.fetch(asked)).json()["error"] == "expired_token"
    other = await door.asked(subject)
    lane.clock.advance(seconds=119)
    await lane.approve(other, ada)
    lane.clock.advance(seconds=60)
    assert (await door.fetch(other)).status_code == 200, "what was approved in time can be fetched for three minutes"
    lane.clock.advance(seconds=421)
    third = await door.asked(subject)
    await lane.approve(third, ada)
    lane.clock.advance(seconds=181)
    assert (await door.fetch(third)).json()["error"] == "expired_token"


@ONE_ENGINE
@pytest.mark.parametrize(("wanted", "given"), [(30, 30), ("30", 30), (1, 10), (86_400, 600)])
async def test_the_expiry_that_is_asked_is_kept_within_limits(lane: Street, wanted: object, given: int) -> None:
    """`requested_expiry` as number and as text (FAPI-CIBA's plan sends both)."""
    door = await lane.door()
    _, (subject,) = await lane.person(door)
    asked = await door.asked(subject, requested_expiry=wanted)
    assert asked["expires_in"] == given
    lane.clock.advance(seconds=given - 1)
    assert (await door.fetch(asked)).json()["error"] == "authorization_pending"
    lane.clock.advance(seconds=1)
    assert (await door.fetch(asked)).json()["error"] == "expired_token"


@ONE_ENGINE
async def test_the_person_refuses(lane: Street) -> None:
    door = await lane.door()
    _, (subject,) = await lane.person(door)
    asked = await door.asked(subject)
    await lane.reject(asked)
    for _ in range(2):
        answer = await door.fetch(asked)
        assert (answer.status_code, answer.json()["error"]) == (400, "access_denied")


async def test_a_block_ends_what_was_approved_and_not_fetched(lane: Street) -> None:
    door = await lane.door()
    ada, (subject,) = await lane.person(door)
    asked = await door.asked(subject)
    await lane.approve(asked, ada)
    installation, ids = lane.installation, RandomIds()
    phones = Phones(installation.database, installation.actions.keystore, lane.clock, ids)
    messages = Messages(
        installation.database, installation.people, phones, lane.clock, 3, Notices(installation.actions.keystore, ids)
    )
    await messages.block(ada, BlockReason.WRONG_CODES, StopReason.BLOCKED, actor="test")
    assert (await door.fetch(asked)).json()["error"] == "access_denied"
    assert (await door.ask(subject)).json()["error"] == "unknown_user_id"


@ONE_ENGINE
async def test_a_result_belongs_to_the_partner_that_asked(lane: Street) -> None:
    """Another partner's `auth_req_id` and one that never was are the same to whoever tries (R-13)."""
    door, gate = await lane.door("door"), await lane.door("gate")
    ada, (subject,) = await lane.person(door)
    asked = await door.asked(subject)
    await lane.approve(asked, ada)
    stranger, unknown = await gate.fetch(asked), await gate.fetch("nobody-ever-gave-this-out")
    assert stranger.json() == unknown.json()
    assert stranger.json()["error"] == "invalid_grant"
    assert (await door.fetch(asked)).status_code == 200


@ONE_ENGINE
async def test_requests_are_kept_by_their_hash(lane: Street) -> None:
    door = await lane.door()
    _, (subject,) = await lane.person(door)
    asked = await door.asked(subject)
    database = lane.installation.database
    assert await database.row(_HASH, sha256(asked["auth_req_id"])) is not None
    assert await database.row(_HASH, asked["auth_req_id"].encode()) is None


async def test_many_requests_of_two_partners_reach_a_person_three_times(lane: Street) -> None:
    """Push bombing (T-5, T-6): one pending, three in ten minutes over all partners; every answer looks the same."""
    door, gate = await lane.door("door"), await lane.door("gate")
    _, subjects = await lane.person(door, gate)
    partners = list(zip((door, gate), subjects, strict=True))
    burst = [await partner.asked(subject) for partner, subject in partners * 20]
    assert [await lane.reached(asked) for asked in burst] == [True, *[False] * 39]
    assert len({tuple(sorted(asked)) for asked in burst}) == 1
    assert {(asked["expires_in"], asked["interval"]) for asked in burst} == {(120, 2)}
    reached = 1
    for _ in range(4):
        lane.clock.advance(seconds=121)
        for partner, subject in partners * 5:
            reached += await lane.reached(await partner.asked(subject))
    assert reached == 3
    errors = {(await partner.fetch(asked)).json()["error"] for asked in burst[:4] for partner in (door, gate)}
    assert errors <= {"expired_token", "invalid_grant"}
    lane.clock.advance(seconds=601)
    assert await lane.reached(await door.asked(subjects[0]))


@ONE_ENGINE
async def test_what_was_held_back_waits_and_expires_like_any_other(lane: Street) -> None:
    door, gate = await lane.door("door"), await lane.door("gate")
    _, (at_door, at_gate) = await lane.person(door, gate)
    seen, held = await door.asked(at_door), await gate.asked(at_gate)
    for after in (2, 117, 3):
        lane.clock.advance(seconds=after)
        answers = [(await door.fetch(seen)), (await gate.fetch(held))]
        assert answers[0].json() == answers[1].json()
        assert answers[0].status_code == answers[1].status_code


@ONE_ENGINE
async def test_the_digits_can_be_left_out_by_registration_of_a_migrating_partner_alone(lane: Street) -> None:
    door = await lane.door("old", preset=Preset.MIGRATING, match_optional=True)
    _, (subject,) = await lane.person(door)
    asked = await door.asked(subject)
    assert "match" not in asked
    action = (await lane.installation.actions.find(await lane.action_of(asked))).action
    assert not action.request.match
    with pytest.raises(PartnerRegistrationError, match="preset migrating"):
        await lane.door("new", match_optional=True)


@ONE_ENGINE
async def test_the_strict_profile_gives_tokens_to_the_holder_of_a_key(lane: Street) -> None:
    """FAPI-CIBA §5.2.2: bound tokens. Ten minutes, read with the key alone; polls before the decision bind nothing."""
    door = await lane.door(profile="fapi2")
    ada, (subject,) = await lane.person(door)
    asked = await door.asked(subject)
    prover, url = Prover(door), f"{door.issuer}/token"

    async def fetch() -> httpx.Response:
        form: dict[str, str | None] = {"grant_type": GRANT_TYPE, "auth_req_id": asked["auth_req_id"]}
        proof = prover.proof("POST", url, iat=lane.clock.now() // SECOND)
        return await prover.post(url, {**form, **door.credentials()}, proof)

    assert (await fetch()).json()["error"] == "use_dpop_nonce"
    assert (await fetch()).json()["error"] == "authorization_pending"
    await lane.approve(asked, ada)
    lane.clock.advance(seconds=2)
    tokens = (await fetch()).json()
    assert (tokens["token_type"], tokens["expires_in"]) == ("DPoP", 600)
    assert (await door.userinfo(tokens["access_token"])).status_code == 401
    address = f"{door.issuer}/userinfo"
    proof = prover.proof("GET", address, token=tokens["access_token"], iat=lane.clock.now() // SECOND)
    headers = {"Authorization": f"DPoP {tokens['access_token']}", "DPoP": proof}
    answer = await door.browser.get(address, headers=headers)
    assert answer.status_code == 200, answer.text
    await door.discover()
    assert (await door.opened(answer.text))["sub"] == subject


@ONE_ENGINE
async def test_what_discovery_says_of_the_back_channel_works_and_nothing_else(lane: Street) -> None:
    """Every advertised algorithm and delivery mode, and one of each that is not (R-36)."""
    door = await lane.door()
    metadata = await door.discover()
    assert metadata["backchannel_authentication_endpoint"] == f"{door.issuer}/backchannel/authentication"
    assert metadata["user_discovery_sessions_endpoint"] == f"{door.issuer}/user_discovery_sessions"
    assert metadata["backchannel_user_code_parameter_supported"] is False
    keys = {"ES256": KEYS[0], "RS256": RSA, "PS256": RSA, "EdDSA": EDWARDS, "Ed25519": EDWARDS}
    assert set(metadata["backchannel_authentication_request_signing_alg_values_supported"]) == set(keys)
    _, (subject,) = await lane.person(door)
    hint = {"type": "subject_code", "value": subject}
    for alg, key in keys.items():
        answer = await door.send(door.signed(door.claims(hint), key, alg=alg))
        assert answer.status_code == 200, (alg, answer.text)
    answer = await door.send(door.signed(door.claims(hint), RSA, alg="RS512"))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    several = [door.issuer, "https://other.example"]
    assert (await door.send(door.signed(door.claims(hint, aud=several)))).status_code == 200
    assert metadata["backchannel_token_delivery_modes_supported"] == ["poll", "ping"]
    with pytest.raises(PartnerRegistrationError):
        await lane.door("pushed", backchannel_mode="push")


@ONE_ENGINE
async def test_a_confirmation_is_asked_and_told_back(lane: Street) -> None:
    """A rich authorization request by the back channel; what was signed comes back in ID token and answer."""
    door = await lane.door(kind=ServiceType.CONFIRMATION)
    ada, (subject,) = await lane.person(door)
    details = [{"type": "device_action", "device": "Front door", "action": "unlock"}]
    asked = await door.asked(subject, authorization_details=details, binding_message="Gate 3")
    action = (await lane.installation.actions.find(await lane.action_of(asked))).action
    assert action.request.purpose["en"] == "DOOR_OPEN – Gate 3"
    await lane.approve(asked, ada)
    tokens = (await door.fetch(asked)).json()
    await door.discover()
    claims = await door.opened(tokens["id_token"])
    assert claims["authorization_details"] == details
    assert tokens["authorization_details"] == details
