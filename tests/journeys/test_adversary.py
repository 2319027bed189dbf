"""What thieves can do: with the phone, with a copy of it, with the database. Criteria T-1, T-2, T-3, T-20.

The adversary has the soft phone's whole storage and can send what it likes; the scheme is a running sandbox.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from ipse.kernel.ids import b64u, b64u_decode
from ipse.softphone import Activation, MemoryStore, Refused, SoftPhone
from ipse.softphone.activation import new_key
from ipse.softphone.state import Pending, State
from ipse.standards import phone_channel
from tests.support.sandbox import Sandbox, running_sandbox
from tests.support.visitor import Visitor

CODE, DURESS = "13579", "86420"
WRONG = [code for code in (f"{number:05}" for number in range(20_000, 20_400)) if code != CODE]
PARALLEL = 200

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture
def phone(sandbox: Sandbox) -> Iterator[SoftPhone]:
    """Ada's phone, activated afresh: it replaces whatever an earlier test left of her identity."""
    with SoftPhone(MemoryStore(), patience_seconds=10) as fresh:
        person = next(one for one in sandbox.world["persons"] if one["id"] == "ada")
        done = fresh.activate(Activation(base=sandbox.base, bank=person["bank"], person="ada", code=CODE))
        assert done.state == "active"
        yield fresh


@pytest.fixture
def portal(sandbox: Sandbox) -> Iterator[Visitor]:
    visitor = Visitor(sandbox.base, sandbox.partner("portal"))
    yield visitor
    visitor.close()


def _code(answer: httpx.Response) -> str:
    return str(answer.json().get("code", answer.json().get("outcome")))


def _refusal(phone: SoftPhone) -> Refused:
    with pytest.raises(Refused) as refused:
        phone.home()
    return refused.value


# --- The phone in a thief's hand ------------------------------------------------------------------------------


def test_three_wrong_codes_one_by_one_and_no_fourth_judgement(phone: SoftPhone, portal: Visitor) -> None:
    """T-1: online, three tries are all; afterwards even the right code tells nothing."""
    request = phone.claim(portal.start().qr)
    seen = []
    for guess in WRONG[:2]:
        with pytest.raises(Refused) as refused:
            phone.approve(request, guess)
        seen.append((refused.value.code, refused.value.tries_left))
        request = request.renewed(str(refused.value.fields["challenge"]))
    with pytest.raises(Refused) as third:
        phone.approve(request, WRONG[2])
    assert seen == [("wrong_code", 2), ("wrong_code", 1)]
    assert (third.value.code, third.value.why) == ("account_blocked", "wrong_codes")
    with pytest.raises(Refused) as fourth:
        phone.approve(request, CODE)
    assert fourth.value.code in {"account_blocked", "phone_stopped"}


def test_two_hundred_parallel_tries_get_at_most_three_judgements(phone: SoftPhone, portal: Visitor) -> None:
    """T-1, T-14: 200 different guesses at once, all with the same challenge and chain value, on 200 connections."""
    request = phone.claim(portal.start().qr)
    guesses = [phone.composed(request, guess) for guess in WRONG[:PARALLEL]]
    answers = _at_once(phone.state.base, guesses)
    codes = Counter(_code(answer) for answer in answers)
    judged = [answer for answer in answers if _code(answer) in {"wrong_code", "attempt_lost"}]
    assert len(judged) <= 3, codes
    assert "approved" not in codes
    assert set(codes) <= {"wrong_code", "attempt_lost", "phone_copied", "phone_stopped", "account_blocked"}, codes
    assert _refusal(phone).code in {"phone_stopped", "account_blocked"}
    late = phone.post(phone.composed(request, CODE))
    assert _code(late) in {"phone_stopped", "account_blocked"}


def test_one_guess_sent_two_hundred_times_is_one_try(phone: SoftPhone, portal: Visitor) -> None:
    """T-1, T-14: a repeat of the same bytes gets the recorded outcome and costs nothing."""
    request = phone.claim(portal.start().qr)
    answers = _at_once(phone.state.base, [phone.composed(request, WRONG[0])] * PARALLEL)
    outcomes = {(answer.status_code, answer.content) for answer in answers if answer.status_code < 500}
    assert len(outcomes) == 1, Counter(_code(answer) for answer in answers)
    problem = answers[0].json()
    assert (problem["code"], problem["tries_left"]) == ("wrong_code", 2)
    assert problem["title"] == "Forbidden"  # RFC 9457 §4.2.1: of `about:blank`, the words of the status


def test_tries_survive_between_requests_and_only_the_right_code_resets_them(phone: SoftPhone, portal: Visitor) -> None:
    """T-1: two wrong codes on two requests, then the right one, then two wrong ones again: not blocked."""
    for _ in range(2):
        for guess in WRONG[:2]:
            with pytest.raises(Refused, match=r"(?i)code"):
                phone.approve(phone.claim(portal.start().qr), guess)
        page = portal.start()
        assert phone.approve(phone.claim(page.qr), CODE).outcome == "approved"
        assert portal.redeem(portal.finish(page), page).status_code == 200


def test_storage_and_all_past_traffic_rule_out_no_code(sandbox: Sandbox, portal: Visitor) -> None:
    """T-1: with the stolen storage and everything ever sent and received, 100 000 guesses tell nothing."""
    tapped = Tapped()
    with SoftPhone(MemoryStore(), patience_seconds=10) as phone:
        phone._channel.http.event_hooks = {"request": [tapped.sent], "response": [tapped.received]}
        person = next(one for one in sandbox.world["persons"] if one["id"] == "bram")
        phone.activate(Activation(base=sandbox.base, bank=person["bank"], person="bram", code=CODE))
        request = phone.claim(portal.start().qr)
        with pytest.raises(Refused):
            phone.approve(request, WRONG[0])
        phone.approve(phone.claim(portal.start().qr), CODE)
        loot = [*tapped.texts, msgspec.json.encode(phone.state).decode()]
        state = phone.state
    assert _confirmed(state, loot) == []
    # The harness finds the code as soon as one proof leaks beside its message: it can fail.
    leak = phone_channel.sign(phone_channel.private_key({"d": state.key.d if state.key else ""}), state.phone, {})
    salt = b64u_decode(state.salts[state.code_key_id])
    proof = phone_channel.code_proof(phone_channel.code_key(CODE, salt, state.phone), leak)
    assert _confirmed(state, [*loot, leak, b64u(proof)]) == [CODE]


def test_a_duress_code_is_neither_found_nor_seen(sandbox: Sandbox, portal: Visitor) -> None:
    """T-1, T-25: with a duress code set, storage and traffic rule out 0 of 100 000 codes, and look as without one."""
    looks = []
    for wish in (DURESS, None):
        tapped = Tapped()
        with SoftPhone(MemoryStore(), patience_seconds=10) as phone:
            phone._channel.http.event_hooks = {"request": [tapped.sent], "response": [tapped.received]}
            person = next(one for one in sandbox.world["persons"] if one["id"] == "ada")
            phone.activate(Activation(base=sandbox.base, bank=person["bank"], person="ada", code=CODE))
            tapped.texts.clear()
            if wish is None:
                phone.remove_duress(CODE)
            else:
                phone.set_duress(CODE, wish)
            phone.change_code(CODE, "24681")
            phone.approve(phone.claim(portal.start().qr), "24681")
            state = phone.state
            loot = [*tapped.texts, msgspec.json.encode(state).decode()]
        assert _confirmed(state, loot) == []
        looks.append((_shape(msgspec.to_builtins(state)), [len(text) // 16 for text in tapped.texts]))
    assert looks[0] == looks[1]


def _shape(value: object) -> object:
    """Names and lengths, without the random values."""
    if isinstance(value, dict):
        return sorted(
            (len(name), _shape(member)) if len(name) > 20 else (name, _shape(member)) for name, member in value.items()
        )
    return len(value) if isinstance(value, str) else value


# --- Two copies of one phone ----------------------------------------------------------------------------------


def test_a_copied_phone_stops_both(phone: SoftPhone, portal: Visitor) -> None:
    """T-20: the original goes on, then the copy speaks: its chain value is old, both stop, the identity is blocked."""
    thief = phone.copied()
    page = portal.start()
    assert phone.approve(phone.claim(page.qr), CODE).outcome == "approved"
    code = portal.finish(page)
    assert _refusal(thief).code == "phone_copied"
    stopped = _refusal(phone)
    assert (stopped.code, stopped.why) in {("phone_stopped", "copied"), ("account_blocked", "phone_copied")}
    # What was approved but not yet redeemed dies with the identity.
    assert portal.redeem(code, page).status_code == 400
    thief.close()


def test_the_copy_used_first_is_found_out_by_the_original(phone: SoftPhone) -> None:
    """T-20: whoever speaks second gives it away."""
    thief = phone.copied()
    thief.home()
    assert _refusal(phone).code == "phone_copied"
    assert _refusal(thief).code in {"phone_stopped", "account_blocked"}
    thief.close()


def test_after_a_copy_the_person_comes_back_through_the_bank(sandbox: Sandbox, phone: SoftPhone) -> None:
    """T-20: a new activation gives the identity to a new phone; the stopped ones stay stopped."""
    thief = phone.copied()
    phone.home()
    assert _refusal(thief).code == "phone_copied"
    with SoftPhone(MemoryStore()) as new:
        done = new.activate(Activation(base=sandbox.base, bank="bank-vesta", person="ada", code="24680"))
        assert done.state == "active"
        assert new.home()["account"]["state"] == "active"
    assert _refusal(thief).code == "phone_stopped"
    thief.close()


# --- The database -----------------------------------------------------------------------------------------------


def test_a_stolen_database_holds_no_canary(sandbox: Sandbox, phone: SoftPhone, portal: Visitor) -> None:
    """T-2: name, number, national number, code, code key, and every live bearer value: none of them is in the dump."""
    page = portal.start("identification", scope="profile email phone eid")
    request = phone.claim(page.qr)
    phone.approve(request, CODE)
    tokens = portal.redeem(portal.finish(page), page).json()
    claims = portal.opened(portal.browser.get(f"{sandbox.base}/v2/userinfo", headers=_bearer(tokens)).text)
    waiting = portal.start()
    home = phone.home()
    state = phone.state
    salt = b64u_decode(state.salts[state.code_key_id])
    key = phone_channel.code_key(CODE, salt, state.phone)
    person = next(one for one in sandbox.world["persons"] if one["id"] == "ada")
    canaries = {
        "family name": str(claims["family_name"]),
        # In quotes, as JSON would hold it: three letters alone stand in any megabyte of ciphertext by chance.
        "given name": f'"{claims["given_name"]}"',
        "birth date": person["birthdate"],
        "national number": _claim(claims, "BENationalNumber"),
        "phone number": person["phone_number"],
        "national digits": person["phone_number"].split()[1],
        "code key": key.hex(),
        "code key as base64url": b64u(key),
        "salt": state.salts[state.code_key_id],
        "access token": tokens["access_token"],
        "frame of a waiting request": waiting.qr.partition("#f=")[2],
        "link of a waiting request": waiting.link.partition("#l=")[2],
        "watch token": home["watch"],
        "client secret": sandbox.partner("shop")["client_secret"],
    }
    dump = _dump(sandbox)
    found = [name for name, canary in canaries.items() if _holds(dump, canary)]
    assert not found
    assert f'"{CODE}"'.encode() not in dump
    # The search works: what may stand there in the clear is found.
    assert _holds(dump, state.phone)
    assert _holds(dump, "portal")


def test_a_changed_key_in_the_database_is_noticed(sandbox: Sandbox, phone: SoftPhone) -> None:
    """T-2: somebody who can write the database but lacks the keystore cannot put a device key of their own there."""
    state = phone.state
    state.key = new_key()
    with sqlite3.connect(_database(sandbox)) as connection:
        changed = connection.execute(
            "update phones_phones set device_key = ? where phone_id = ?",
            (msgspec.json.encode(state.key.public()).decode(), state.phone),
        )
        assert changed.rowcount == 1
    connection.close()
    with SoftPhone(MemoryStore(state), patience_seconds=0.5) as intruder:
        message = intruder._writer.signed(state, "home", "home")
        answer = intruder.post(message)
    assert answer.status_code in {401, 403, 500}
    assert "challenge" not in answer.json()


# --- Tools ------------------------------------------------------------------------------------------------------


class Tapped:
    """Everything a phone sent and received, as somebody who broke TLS would have it."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def sent(self, request: httpx.Request) -> None:
        self.texts.append(request.read().decode())

    def received(self, response: httpx.Response) -> None:
        self.texts.append(response.read().decode())


def _at_once(base: str, messages: list[Pending]) -> list[httpx.Response]:
    """Send each message on a connection of its own, from an address of its own, all at the same moment."""

    def post(number: int, message: Pending) -> httpx.Response:
        elsewhere = httpx.HTTPTransport(local_address=f"127.0.7.{number + 1}", verify=False)
        with httpx.Client(timeout=60, transport=elsewhere) as client:
            return client.post(
                f"{base}/phone/v1{message.path}",
                content=message.body.encode(),
                headers={"Content-Type": message.content_type},
            )

    with ThreadPoolExecutor(len(messages)) as threads:
        return list(threads.map(post, range(len(messages)), messages))


_JWS = re.compile(r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+(?![A-Za-z0-9_.-])")


def _confirmed(state: State, loot: Iterable[str]) -> list[str]:
    """The codes that something in the loot confirms: a code key, its digest, or a proof over any message in it."""
    text = "\n".join(loot)
    messages = sorted({found.group() for found in _JWS.finditer(text)})
    known = set(re.findall(r"[A-Za-z0-9_-]{43}", text)) | set(re.findall(r"[0-9a-f]{64}", text))
    salts = [b64u_decode(salt) for salt in state.salts.values()]
    info = b"ipse code key v1" + state.phone.encode() + b"\x01"
    confirmed = []
    for number in range(100_000):
        code = f"{number:05}".encode()
        for salt in salts:
            key = hmac.digest(hmac.digest(salt, code, "sha256"), info, "sha256")
            derived = [key, hashlib.sha256(key).digest()]
            derived += [hmac.digest(key, message.encode(), "sha256") for message in messages]
            if any(b64u(one) in known or one.hex() in known for one in derived):
                confirmed.append(code.decode())
    return confirmed


def _bearer(tokens: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}


def _claim(claims: dict[str, Any], name: str) -> str:
    return next(str(value) for key, value in claims.items() if key.endswith(name))


def _database(sandbox: Sandbox) -> Path:
    return next(path for path in (sandbox.folder / "data").rglob("*.db") if path.stat().st_size)


def _dump(sandbox: Sandbox) -> bytes:
    """The database file with its log, and every value of every row as text."""
    path = _database(sandbox)
    parts = [found.read_bytes() for found in path.parent.glob(f"{path.name}*")]
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    tables = [row[0] for row in connection.execute("select name from sqlite_master where type = 'table'")]
    for table in tables:
        for row in connection.execute(f"select * from {table}"):
            parts += [value if isinstance(value, bytes) else str(value).encode() for value in row]
    connection.close()
    return b"\x00".join(parts)


def _holds(dump: bytes, canary: str) -> bool:
    """In the clear, or in one of the usual clothes."""
    assert len(canary) >= 5, "shorter ones are found by chance"
    text = canary.encode()
    return any(form in dump for form in (text, b64u(text).encode(), text.hex().encode(), text.replace(b" ", b"")))
