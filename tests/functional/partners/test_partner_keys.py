"""Keys of partners: fetched, kept, asked for again (partner protocol 1.2), on both engines with a real server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from ipse.kernel.clock import FrozenClock
from ipse.kernel.ids import RandomIds
from ipse.kernel.settings import Environment
from ipse.partners.model import AuthMethod, Partner, Preset, preset_algorithms
from ipse.partners.rules.fetching import fresh_seconds, usable_keys
from ipse.partners.service import PartnerKeys, RequestLog
from ipse.partners.store.registrations import saving_partner
from ipse.standards import jose
from ipse.storage.database import open_database
from ipse.web.outgoing import Outgoing
from tests.functional.partners.network import Server, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ipse.storage.database import Database

MINUTE, HOUR, DAY = 60, 3600, 86_400


def public(alg: str, kid: str) -> dict[str, Any]:
    return jose.public_jwk(jose.new_private_jwk(alg, kid=kid))


OLD, NEW = public("ES256", "old"), public("ES256", "new")
ENC, ENC_2 = public("ECDH-ES", "enc-1"), public("ECDH-ES", "enc-2")
RSA = public("RSA-OAEP-256", "enc-rsa")


def key_set(*keys: dict[str, Any]) -> bytes:
    return msgspec.json.encode({"keys": keys})


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with serving() as running:
        running.says(key_set(OLD, ENC))
        yield running


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
async def keys(database: Database, clock: FrozenClock) -> AsyncIterator[PartnerKeys]:
    outgoing = Outgoing(Environment.SANDBOX)
    log = RequestLog(database, clock, RandomIds())
    yield PartnerKeys(database, outgoing, clock, RandomIds(), log)
    await log.close()
    await outgoing.close()


def partner(server: Server | None = None, *inline: dict[str, Any], path: str = "/jwks.json") -> Partner:
    method = AuthMethod.PRIVATE_KEY_JWT
    return Partner(
        partner_id="shop",
        name="Shop",
        state="active",
        auth_method=method,
        jwks={"keys": list(inline)} if inline else None,
        algorithms=preset_algorithms(Preset.NEW, method, encryption_key_type="EC"),
        jwks_uri=f"http://127.0.0.1:{server.port}{path}" if server else None,
    )


async def kids(keys: PartnerKeys, shop: Partner, kid: str | None = None) -> set[str]:
    return {key.kid for key in (await keys.verification(shop, kid)).keys}


async def elsewhere(keys: PartnerKeys, url: str) -> tuple[PartnerKeys, Database]:
    """The same installation as another process sees it, or this one after a restart."""
    database = await open_database(url)
    return PartnerKeys(database, keys.outgoing, keys.clock, RandomIds()), database


async def test_registered_keys_cost_nothing(keys: PartnerKeys) -> None:
    before = keys.database.statements
    assert await kids(keys, partner(None, OLD, ENC), "old") == {"old", "enc-1"}
    assert (await keys.encryption(partner(None, OLD, ENC), "ECDH-ES")).kid == "enc-1"
    assert await kids(keys, partner(None)) == set()
    assert keys.database.statements == before


async def test_a_set_is_fetched_once_and_kept(keys: PartnerKeys, server: Server) -> None:
    shop = partner(server)
    for _ in range(5):
        assert await kids(keys, shop, "old") == {"old", "enc-1"}
    assert len(server.asked) == 1
    before = keys.database.statements
    await keys.verification(shop, "old")
    assert keys.database.statements == before, "no statement for each login"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("", 30 * MINUTE), ("max-age=10", 30 * MINUTE), ("no-store", 30 * MINUTE), ("max-age=1800", 30 * MINUTE),
        ("public, max-age=7200", 2 * HOUR), ("Max-Age=7200, must-revalidate", 2 * HOUR), ('max-age="7200"', 2 * HOUR),
        ("max-age=86400", DAY), ("max-age=9999999", DAY), ("max-age=-1", 30 * MINUTE), ("max-age=abc", 30 * MINUTE),
        ("s-maxage=7200", 30 * MINUTE), ("max-age=" + "9" * 400, 30 * MINUTE),
    ],
)  # fmt: skip
def test_how_long_a_set_counts(header: str, seconds: int) -> None:
    """Partner protocol 1.2: 30 minutes to 24 hours, `max-age` honoured with a floor of 30 minutes."""
    assert fresh_seconds(header) == seconds


async def test_max_age_is_honoured(keys: PartnerKeys, server: Server, clock: FrozenClock) -> None:
    server.says(key_set(OLD, ENC), headers=["Cache-Control: max-age=7200"])
    shop = partner(server)
    await kids(keys, shop)
    server.says(key_set(NEW, ENC_2))
    clock.advance(seconds=2 * HOUR - 1)
    assert await kids(keys, shop) == {"old", "enc-1"}
    clock.advance(seconds=1)
    assert await kids(keys, shop) == {"new", "enc-2"}, "a key that was taken away counts no more"
    assert len(server.asked) == 2


async def test_an_unknown_kid_asks_again_at_most_once_a_minute(
    keys: PartnerKeys, server: Server, clock: FrozenClock
) -> None:
    """T-22: a partner that has just added a key is understood at once; a flood of invented names asks nobody."""
    shop = partner(server)
    await kids(keys, shop)
    clock.advance(seconds=MINUTE)
    server.says(key_set(OLD, NEW, ENC))
    assert "new" in await kids(keys, shop, "new")
    before = keys.database.statements
    for number in range(50):
        await kids(keys, shop, f"invented-{number}")
    assert len(server.asked) == 2
    assert keys.database.statements == before, "not even the database is asked"
    clock.advance(seconds=MINUTE - 1)
    await kids(keys, shop, "invented")
    assert len(server.asked) == 2
    clock.advance(seconds=1)
    await asyncio.gather(*(kids(keys, shop, f"invented-{number}") for number in range(20)))
    assert len(server.asked) == 3, "over all requests, together as well"


async def test_once_a_minute_over_all_processes(
    keys: PartnerKeys, server: Server, clock: FrozenClock, database_url: str
) -> None:
    shop = partner(server)
    await kids(keys, shop)
    other, database = await elsewhere(keys, database_url)
    await kids(other, shop)
    assert len(server.asked) == 1, "what another process fetched is taken from the database"
    clock.advance(seconds=MINUTE)
    server.says(key_set(NEW, ENC))
    found = await asyncio.gather(kids(keys, shop, "new"), kids(other, shop, "new"))
    assert len(server.asked) == 2
    assert list(found) == [{"new", "enc-1"}] * 2, "the other waits for what the first brings"
    await database.close()


async def test_a_partner_that_fails_keeps_its_last_good_keys(
    keys: PartnerKeys, server: Server, clock: FrozenClock, database_url: str
) -> None:
    """Logins go on while the address fails, after a restart as well; for a week."""
    shop = partner(server)
    await kids(keys, shop)
    for status, body in (("503 Unavailable", b""), ("200 OK", b"<html>"), ("200 OK", b'{"keys":[]}')):
        server.says(body, status=status)
        clock.advance(seconds=DAY)
        assert await kids(keys, shop, "old") == {"old", "enc-1"}
    asked = len(server.asked)
    for _ in range(5):
        await kids(keys, shop, "old")
    assert len(server.asked) == asked, "a failing address is asked once a minute, not by each login"
    clock.advance(seconds=5)
    restarted, database = await elsewhere(keys, database_url)
    assert await kids(restarted, shop, "old") == {"old", "enc-1"}
    clock.advance(seconds=5 * DAY)
    assert await kids(restarted, shop, "old") == set(), "not for ever: a stolen key may be why nothing new comes"
    server.says(key_set(NEW, ENC))
    clock.advance(seconds=MINUTE)
    assert await kids(restarted, shop) == {"new", "enc-1"}
    await database.close()


async def test_the_developer_reads_why_keys_could_not_be_fetched(keys: PartnerKeys, server: Server) -> None:
    shop = partner(server)
    statement = saving_partner(shop, None, 0)
    await keys.database.rows(statement.text, *statement.values)
    server.says(b"", status="500 Oops")
    assert await kids(keys, shop) == set()
    assert keys.log is not None
    [line] = await keys.log.lines("shop")
    assert (line.endpoint, line.check, line.error) == ("jwks_uri", "fetch_keys", "keys_not_fetched")
    assert line.description == "jwks_uri answered 500"


async def test_another_address_begins_anew(keys: PartnerKeys, server: Server) -> None:
    """What came from the old address counts no more once the operator has registered another."""
    await kids(keys, partner(server))
    server.says(b"", status="404 Not Found")
    assert await kids(keys, partner(server, path="/moved.json")) == set()


async def test_one_of_several_encryption_keys_is_picked(keys: PartnerKeys, server: Server) -> None:
    """Partner protocol 1.2: at random, and its kid is named."""
    server.says(key_set(OLD, ENC, ENC_2, RSA))
    shop = partner(server)
    picked = {(await keys.encryption(shop, "ECDH-ES")).kid for _ in range(64)}
    assert picked == {"enc-1", "enc-2"}
    assert (await keys.encryption(shop, "RSA-OAEP-256")).kid == "enc-rsa"
    inline = {(await keys.encryption(partner(None, ENC, ENC_2), "ECDH-ES")).kid for _ in range(64)}
    assert inline == picked
    with pytest.raises(jose.JoseError):
        await keys.encryption(partner(None, OLD), "ECDH-ES")


async def test_everybody_waits_for_the_one_who_asks(keys: PartnerKeys, server: Server) -> None:
    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.asked.append(await reader.readuntil(b"\r\n\r\n"))
        await asyncio.sleep(0.1)
        writer.write(server.answer)
        await writer.drain()

    server.behave = slow
    shop = partner(server)
    impatient = asyncio.create_task(kids(keys, shop))
    others = [asyncio.create_task(kids(keys, shop)) for _ in range(10)]
    await asyncio.sleep(0.05)
    impatient.cancel()
    assert await asyncio.gather(*others) == [{"old", "enc-1"}] * 10
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"[]", "not a JSON object"),
        (b'{"keys": 1}', "not a key set"),
        (b'{"keys": [], "keys": []}', "not a JSON object"),
        (key_set(), "no key in the set can be used"),
        (key_set({"kty": "OKP", "crv": "X448", "x": "AA", "kid": "a"}), "no key in the set can be used"),
        (key_set(OLD, OLD), "two keys share one kid"),
        (key_set(OLD, jose.new_private_jwk("ES256")), "publishes a private or symmetric key"),
        (key_set(OLD, {"kty": "oct", "k": "AAAA", "kid": "k"}), "publishes a private or symmetric key"),
        (key_set(*[OLD] * 51), "at most 50 keys"),
    ],
)
def test_a_set_that_is_unsound_is_left_alone(body: bytes, told: str) -> None:
    with pytest.raises(jose.JoseError, match=told):
        usable_keys(body, most_bytes=65_536)


def test_keys_we_do_not_know_are_left_out() -> None:
    """RFC 7517 §5: other kinds of key do not spoil the set, and R-11: a key without a name is no key."""
    strange = {"kty": "EC", "crv": "P-384", "x": "AA", "y": "AA", "kid": "p384"}
    nameless = {name: value for name, value in NEW.items() if name != "kid"}
    certified = OLD | {"x5c": ["MIIB"], "x5u": "https://evil.example/"}
    body = key_set(strange, nameless, NEW | {"kid": ""}, {"kty": 1, "kid": "a"}, certified, ENC)
    assert usable_keys(body, most_bytes=65_536) == {"keys": [certified, ENC]}
