"""A fingerprint approves what is content with it, over exactly the message that is sent, and nothing else.

(B-4, B-24, B-25: basic only, never in place of the code where that is asked, never a way around its tries.)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from fido2.server import Fido2Server
from fido2.webauthn import PublicKeyCredentialRpEntity, RegistrationResponse, UserVerificationRequirement

from ipse.kernel.ids import RandomIds, b64u, b64u_decode
from ipse.kernel.keystore import Keystore
from ipse.mobile.service.fingerprints import FingerprintMessages
from ipse.phones.model import Answer
from ipse.softphone.authenticator import PRESENT, VERIFIED, Authenticator
from ipse.softphone.messages import Approved, CodeUse
from ipse.softphone.phone import Request
from ipse.softphone.state import Device, Finger, Pending, State
from tests.functional.oidc.conftest import Joining
from tests.functional.oidc.handsets import CODE, DURESS, Handset, RefusedError, Works
from tests.functional.oidc.installation import Installation

_NOTICES = "select kind from notices_notices where account_id = $1 order by created_at"
_TRIES = "select tries from phones_phones where phone_id = $1"
Press = Callable[[State, str], dict[str, str]]


@pytest.fixture
async def works(installation: Installation, keystore: Keystore) -> Works:
    return await Works.of(installation, keystore)


class Sensor:
    """A handset's sensor, and what its phone says of fingerprints."""

    def __init__(self, handset: Handset) -> None:
        works = handset.works
        self.handset = handset
        self.origin = works.installation.settings.app_origin
        self.messages = FingerprintMessages(
            works.phones, works.messages, works.mobile.approvals.fingerprints, works.installation.clock
        )
        self.sensor = Authenticator(RandomIds(), self.origin)

    async def listed(self) -> dict[str, Any]:
        pending = self.handset.writer.signed(self.handset.state, "fingerprints", "fingerprints")
        return await self.handset._say(self.messages.listed, pending)

    async def add(self, *, code: str = CODE) -> str:
        given = (await self.listed())["challenge"]
        credential = self.sensor.create(self.handset.state, given)
        return await self.add_this(credential, given, code=code)

    async def add_this(self, credential: Mapping[str, str], challenge: str, *, code: str = CODE) -> str:
        state, use = self.handset.state, CodeUse(code, challenge)
        purpose = f"add-fingerprint {credential['id']}"
        pending = self.handset.writer.costing(state, "add-fingerprint", purpose, use, credential=dict(credential))
        await self.handset._say(self.messages.add, pending)
        return credential["id"]

    async def remove(self, credential: str) -> None:
        state, purpose = self.handset.state, f"remove-fingerprint {credential}"
        pending = self.handset.writer.signed(state, "remove-fingerprint", purpose, credential=credential)
        await self.handset._say(self.messages.remove, pending)

    def approval(self, request: Request, press: Press | None = None) -> Pending:
        approved = Approved(request.action, request.shown, request.shared(), Device().report())
        writer, state = self.handset.writer, self.handset.state
        return writer.by_fingerprint(state, approved, request.challenge, press or self.sensor.press)

    async def approve(self, request: Request, press: Press | None = None) -> dict[str, Any]:
        return await self.handset._say(self.handset.decide, self.approval(request, press))


@pytest.fixture
async def finger(works: Works) -> Sensor:
    return Sensor(await works.handset())


async def _tries(finger: Sensor) -> int:
    database = finger.handset.works.installation.database
    row = await database.row(_TRIES, finger.handset.state.phone)
    assert row is not None
    return int(row["tries"])


async def test_a_login_by_fingerprint_is_basic(finger: Sensor, join: Joining) -> None:
    """Added with the code, told by the second channel, used, and the token says no more than it is (B-4)."""
    credential = await finger.add()
    (listed,) = (await finger.listed())["fingerprints"]
    assert (listed["credential"], listed["used_at"]) == (credential, None)
    party, phone = await join(), finger.handset
    began = await party.begin()
    assert (await finger.approve(await phone.claim(began.handle)))["outcome"] == "approved"
    token = await party.opened((await party.tokens(began))["id_token"])
    assert token["acr"].endswith("acr_basic")
    (entry,) = await phone.history()
    assert (entry["outcome"], entry["method"]) == ("approved", "fingerprint")
    (listed,) = (await finger.listed())["fingerprints"]
    assert listed["used_at"] is not None
    rows = await phone.works.installation.database.rows(_NOTICES, phone.account_id)
    assert [row["kind"] for row in rows] == ["fingerprint_added"]


async def test_what_asks_for_the_code_gets_the_code(finger: Sensor, join: Joining) -> None:
    """acr_advanced refuses the fingerprint, and the same request takes the code right after (B-25)."""
    await finger.add()
    party, phone = await join(), finger.handset
    began = await party.begin(acr_values=await _advanced(party))
    request = await phone.claim(began.handle)
    with pytest.raises(RefusedError) as refused:
        await finger.approve(request)
    assert refused.value.code == "code_needed"
    challenge = refused.value.body.get("challenge", request.challenge)
    assert (await phone.approve(request.renewed(challenge)))["outcome"] == "approved"
    token = await party.opened((await party.tokens(began))["id_token"])
    assert token["acr"].endswith("acr_advanced")


async def _advanced(party: Any) -> str:
    values: list[str] = (await party.discover())["acr_values_supported"]
    return next(value for value in values if value.endswith("acr_advanced"))


async def test_the_tries_of_the_code_stay_as_they_are(finger: Sensor, join: Joining) -> None:
    """A fingerprint between two wrong codes buys no third one (B-24)."""
    await finger.add()
    party, phone = await join(), finger.handset
    request = await phone.claim((await party.begin()).handle)
    with pytest.raises(RefusedError) as wrong:
        await phone.approve(request, "20001")
    assert (wrong.value.code, await _tries(finger)) == ("wrong_code", 1)
    await finger.approve(request.renewed(wrong.value.body["challenge"]))
    assert await _tries(finger) == 1


def _altered(press: Press, change: Callable[[dict[str, str]], dict[str, str]]) -> Press:
    return lambda state, compact: change(press(state, compact))


def _flipped(text: str) -> str:
    octets = bytearray(b64u_decode(text))
    octets[-1] ^= 1
    return b64u(bytes(octets))


BAD_PRESSES: dict[str, Callable[[Sensor], Press]] = {
    "the person was not verified": lambda finger: replace(finger.sensor, flags=PRESENT).press,
    "nobody was there": lambda finger: replace(finger.sensor, flags=VERIFIED).press,
    "another site": lambda finger: replace(finger.sensor, origin="https://ipse.example.evil").press,
    "the same host, another port": lambda finger: replace(finger.sensor, origin=finger.origin + "1").press,
    "another message": lambda finger: lambda state, _: finger.sensor.press(state, "another message"),
    "another signature": lambda finger: _altered(
        finger.sensor.press, lambda one: one | {"signature": _flipped(one["signature"])}
    ),
    "other authenticator data": lambda finger: _altered(
        finger.sensor.press, lambda one: one | {"authenticator_data": _flipped(one["authenticator_data"])}
    ),
    "inside a foreign page": lambda finger: _altered(
        finger.sensor.press,
        lambda one: (
            one
            | {
                "client_data": b64u(
                    b64u_decode(one["client_data"]).replace(b'"crossOrigin":false', b'"crossOrigin":true')
                )
            }
        ),
    ),
    "a registration": lambda finger: _altered(
        finger.sensor.press,
        lambda one: (
            one | {"client_data": b64u(b64u_decode(one["client_data"]).replace(b"webauthn.get", b"webauthn.create"))}
        ),
    ),
    "an unknown credential": lambda finger: _altered(finger.sensor.press, lambda one: one | {"id": b64u(bytes(32))}),
    "nothing": lambda _: lambda _state, _compact: {},
    "no texts": lambda _: lambda state, _: dict.fromkeys(("id", "client_data", "signature"), next(iter(state.fingers))),
    "a NUL": lambda _: lambda _state, _compact: {"id": "\x01"},
}


async def test_assertions_that_do_not_hold(finger: Sensor, join: Joining) -> None:
    """They approve nothing and take no try, and at last the code goes on with the same request."""
    await finger.add()
    party, phone = await join(), finger.handset
    request = await phone.claim((await party.begin()).handle)
    for name, bad in BAD_PRESSES.items():
        with pytest.raises(RefusedError) as refused:
            await finger.approve(request, bad(finger))
        assert (name, refused.value.code, await _tries(finger)) == (name, "wrong_fingerprint", 0)
        request = request.renewed(refused.value.body["challenge"])
    assert (await phone.approve(request))["outcome"] == "approved"


async def test_an_assertion_counts_once(finger: Sensor, join: Joining) -> None:
    """The same bytes get the recorded outcome; the assertion beside another message is worth nothing."""
    await finger.add()
    party, phone = await join(), finger.handset
    used: list[dict[str, str]] = []

    def press(state: State, compact: str) -> dict[str, str]:
        used.append(finger.sensor.press(state, compact))
        return used[-1]

    pending = finger.approval(await phone.claim((await party.begin()).handle), press)
    first: Answer = await phone.decide(pending.body)
    assert await phone.decide(pending.body) == first
    phone.state.chain = first.body["chain"]
    request = await phone.claim((await party.begin()).handle)
    with pytest.raises(RefusedError) as refused:
        await finger.approve(request, lambda _state, _compact: used[0])
    assert refused.value.code == "wrong_fingerprint"


async def test_a_counter_that_goes_back_is_a_copy(finger: Sensor, join: Joining) -> None:
    """Of two copies of a credential the one that is behind is refused."""
    credential = await finger.add()
    party, phone = await join(), finger.handset
    copied = phone.state.fingers[credential]
    await finger.approve(await phone.claim((await party.begin()).handle))
    await finger.approve(await phone.claim((await party.begin()).handle))
    phone.state.fingers[credential] = copied
    request = await phone.claim((await party.begin()).handle)
    with pytest.raises(RefusedError) as refused:
        await finger.approve(request)
    assert refused.value.code == "wrong_fingerprint"


async def test_a_credential_is_of_one_phone(finger: Sensor, works: Works, join: Joining) -> None:
    """Somebody else's approves nothing here, and cannot be added here either."""
    credential = await finger.add()
    other, party = Sensor(await works.handset()), await join()
    other.handset.state.fingers = dict(finger.handset.state.fingers)
    with pytest.raises(RefusedError) as refused:
        await other.approve(await other.handset.claim((await party.begin()).handle))
    assert refused.value.code == "wrong_fingerprint"
    challenge = (await other.listed())["challenge"]
    made = other.sensor.create(other.handset.state, challenge)
    theirs = b64u_decode(made["attestation"]).replace(b64u_decode(made["id"]), b64u_decode(credential))
    with pytest.raises(RefusedError) as twice:
        await other.add_this(made | {"id": credential, "attestation": b64u(theirs)}, challenge)
    assert twice.value.code == "bad_credential"
    assert (await other.listed())["fingerprints"] == []


async def test_a_phone_has_five_at_most(finger: Sensor) -> None:
    for _ in range(5):
        await finger.add()
    with pytest.raises(RefusedError) as refused:
        await finger.add()
    assert refused.value.code == "bad_credential"
    assert len((await finger.listed())["fingerprints"]) == 5
    assert len(finger.handset.state.fingers) == 5


async def test_one_that_was_removed_approves_nothing(finger: Sensor, join: Joining) -> None:
    credential = await finger.add()
    kept: Finger = finger.handset.state.fingers[credential]
    await finger.remove(credential)
    assert (await finger.listed())["fingerprints"] == []
    finger.handset.state.fingers[credential] = kept
    party = await join()
    with pytest.raises(RefusedError) as refused:
        await finger.approve(await finger.handset.claim((await party.begin()).handle))
    assert refused.value.code == "wrong_fingerprint"
    rows = await finger.handset.works.installation.database.rows(_NOTICES, finger.handset.account_id)
    assert [row["kind"] for row in rows] == ["fingerprint_added", "fingerprint_removed"]


@pytest.mark.parametrize("why", ["not verified", "another site", "another challenge", "garbage"])
async def test_a_credential_that_was_not_made_for_this(finger: Sensor, why: str) -> None:
    """It must be made by this app, for the challenge of this message, with the person verified; no try is taken."""
    sensors = {
        "not verified": replace(finger.sensor, flags=PRESENT),
        "another site": replace(finger.sensor, origin="https://ipse.example.evil"),
    }
    challenge = (await finger.listed())["challenge"]
    made_for = "A" * 22 if why == "another challenge" else challenge
    credential = sensors.get(why, finger.sensor).create(finger.handset.state, made_for)
    if why == "garbage":
        credential |= {"client_data": "AAAA", "attestation": "AAAA"}
    with pytest.raises(RefusedError) as refused:
        await finger.add_this(credential, challenge)
    assert (refused.value.code, await _tries(finger)) == ("bad_credential", 0)


async def test_adding_costs_the_code(finger: Sensor) -> None:
    with pytest.raises(RefusedError) as refused:
        await finger.add(code="20001")
    assert (refused.value.code, await _tries(finger)) == ("wrong_code", 1)
    assert (await finger.listed())["fingerprints"] == []


async def test_under_duress_it_is_added_and_releases_nothing(finger: Sensor, join: Joining) -> None:
    """T-25: whoever forces the person sees success at every step; the partner gets a fault."""
    await finger.handset.set_duress()
    credential = await finger.add(code=DURESS)
    (listed,) = (await finger.listed())["fingerprints"]
    assert listed["credential"] == credential
    party = await join()
    began = await party.begin()
    assert (await finger.approve(await finger.handset.claim(began.handle)))["outcome"] == "approved"
    back = await party.finish(began)
    assert (back["error"], "code" in back) == ("temporarily_unavailable", False)


async def test_they_are_forgotten_with_their_person(finger: Sensor) -> None:
    await finger.add()
    fingerprints = finger.handset.works.mobile.approvals.fingerprints
    await fingerprints.forget_account(finger.handset.account_id)
    assert (await finger.listed())["fingerprints"] == []


def test_the_sensor_in_software_convinces_another_library() -> None:
    """What our authenticator says, Yubico's server reads as we do."""
    server = Fido2Server(PublicKeyCredentialRpEntity(id="app.ipse.example", name="Ipse"))
    server.allowed_algorithms = server.allowed_algorithms
    _, state = server.register_begin(
        msgspec.json.decode(b'{"id":"","name":"x","displayName":"x"}') | {"id": b"x"},
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    sensor = Authenticator(RandomIds(), "https://app.ipse.example")
    made = sensor.create(State(), state["challenge"])
    response = {"clientDataJSON": made["client_data"], "attestationObject": made["attestation"]}
    registration = RegistrationResponse.from_dict({"id": made["id"], "rawId": made["id"], "response": response})
    found = server.register_complete(state, registration)
    assert found.credential_data is not None
    assert b64u(found.credential_data.credential_id) == made["id"]
