"""`ipse partner`: an operator registers, changes, grants, looks and moves, from the help texts alone."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from ipse.app.keystores import create_keystore, open_keystore
from ipse.app.registry import CATALOGUE, open_registry
from ipse.audit.service import Audit
from ipse.cli.partner import app
from ipse.kernel.clock import SystemClock
from ipse.kernel.errors import PlatformError
from ipse.kernel.ids import RandomIds
from ipse.kernel.settings import Environment, SettingsError, parse_settings
from ipse.partners.service import PartnerDesk, Partners
from ipse.partners.service.transfer import Arrival, Taken, Transfer
from ipse.standards import jose
from ipse.storage.database import open_database
from ipse.storage.migrations import migrate
from tests.functional.partners.network import serving

if TYPE_CHECKING:
    from pathlib import Path

SERVICE = ("service", "add", "bakery", "BAKERY_LOGIN", "authentication", "--name", "Bakery")
BACK = ("--redirect-uri", "https://bakery.example/back")


class Terminal:
    """An installation, and an operator who types."""

    def __init__(
        self, folder: Path, capsys: pytest.CaptureFixture[str], *, base: str = "http://localhost:19050"
    ) -> None:
        self.folder = folder
        self.config = folder / "ipse.toml"
        self._capsys = capsys
        folder.mkdir(exist_ok=True)
        self.config.write_text(
            f'environment = "sandbox"\nbase_url = "{base}"\napp_origin = "http://localhost:19052"\n'
            f'database = "sqlite://{folder}/ipse.db"\nkeystore = "file:{folder}/keystore.json"\n'
        )
        create_keystore(f"file:{folder}/keystore.json", RandomIds())
        asyncio.run(self._migrate())

    def __call__(self, *words: object) -> str:
        """Run a command and return what it prints."""
        self._capsys.readouterr()
        app([*map(str, words), "--config", str(self.config)], result_action="return_value")
        return " ".join(self._capsys.readouterr().out.split())

    def refused(self, *words: object) -> str:
        """Run a command that fails and return the reason."""
        with pytest.raises(PlatformError) as refused:
            self(*words)
        return refused.value.public

    def shown(self, client_id: str) -> dict[str, Any]:
        self._capsys.readouterr()
        app(["show", client_id, "--json", "--config", str(self.config)], result_action="return_value")
        document: dict[str, Any] = json.loads(self._capsys.readouterr().out)
        return document

    def jwks(self, name: str, *kids: str) -> Path:
        """A file with a new key pair's public halves."""
        sig, enc = kids
        keys = [jose.new_private_jwk("ES256", kid=sig), jose.new_private_jwk("ECDH-ES", kid=enc)]
        path = self.folder / name
        path.write_bytes(msgspec.json.encode({"keys": [jose.public_jwk(key) for key in keys]}))
        return path

    async def acts(self) -> list[tuple[str, str]]:
        database = await open_database(f"sqlite://{self.folder}/ipse.db")
        found = [(line.act, line.subject) async for line in Audit(database).lines()]
        await database.close()
        return found

    async def refuse(self, client_id: str) -> None:
        """Let a request of this partner be refused."""
        settings = parse_settings(self.config.read_bytes())
        database = await open_database(settings.database)
        registry = open_registry(settings, database, open_keystore(settings.keystore), SystemClock())
        desk = PartnerDesk.around(registry, RandomIds())
        desk.log.refused(client_id, "BAKERY_LOGIN", "authorization", "check_contract", "invalid_scope", "beyond")
        await desk.close()
        await database.close()

    async def _migrate(self) -> None:
        database = await open_database(f"sqlite://{self.folder}/ipse.db")
        await migrate(database, now=0)
        await database.close()


@pytest.fixture
def terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(tmp_path / "one", capsys)


def test_a_partner_is_given_an_address_for_events(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ipse = Terminal(tmp_path / "here", capsys)
    ipse("add", "bakery", "--name", "Bakery", "--jwks", ipse.jwks("keys.json", "sig", "enc"))
    assert "has no event address" in ipse("events", "bakery")
    assert "must be https" in ipse.refused("events", "bakery", "--address", "http://bakery.example/events")
    assert ipse("events", "bakery", "--address", "https://bakery.example/events").endswith("bakery.example/events")
    assert "has no event address" in ipse("events", "bakery", "--remove")
    assert "there is no partner baker" in ipse.refused("events", "baker")
    assert asyncio.run(ipse.acts()).count(("partner.events", "bakery")) == 2


def test_a_partner_with_a_secret(terminal: Terminal) -> None:
    told = terminal("add", "bakery", "The Bakery", "--contact", "it@bakery.example")
    secret = told.partition("client_secret: ")[2].split()[0]
    assert len(secret) == 43
    assert "next: ipse partner service add bakery" in told
    assert "registered already" in terminal.refused("add", "bakery", "Again")
    assert secret not in terminal("show", "bakery")
    assert secret not in json.dumps(terminal.shown("bakery"))
    renewed = terminal("rotate-secret", "bakery").partition("client_secret: ")[2].split()[0]
    assert renewed != secret
    terminal("update", "bakery", "--name", "The Old Bakery", "--logo", "https://bakery.example/logo.png")
    partner = terminal.shown("bakery")["partner"]
    assert (partner["name"], partner["contacts"]) == ("The Old Bakery", ["it@bakery.example"])
    assert partner["sealed_secret"] is None
    assert "bakery is stopped" in terminal("stop", "bakery")
    assert terminal.shown("bakery")["partner"]["state"] == "stopped"
    assert "bakery is active" in terminal("start", "bakery")
    acts = [act for act, _ in asyncio.run(terminal.acts())]
    assert acts == ["partner.register"] * 3 + ["partner.stopped", "partner.active"]


def test_a_partner_with_keys(terminal: Terminal) -> None:
    terminal("add", "bakery", "The Bakery", "--jwks", terminal.jwks("a.json", "s1", "e1"))
    assert "s1, e1" in terminal("show", "bakery")
    assert "has no secret" in terminal.refused("rotate-secret", "bakery")
    terminal("keys", "set", "bakery", "--jwks", terminal.jwks("b.json", "s2", "e2"))
    assert "s2, e2" in terminal("show", "bakery")
    assert "not both" in terminal.refused(
        "keys", "set", "bakery", "--jwks", terminal.folder / "a.json", "--jwks-uri", "https://bakery.example/"
    )
    assert "cannot be read" in terminal.refused("keys", "set", "bakery", "--jwks", "/nowhere")
    (terminal.folder / "bad.json").write_text("[]")
    assert "holds no JWK set" in terminal.refused("keys", "set", "bakery", "--jwks", terminal.folder / "bad.json")
    assert "give --jwks FILE or --jwks-uri" in terminal.refused("keys", "set", "bakery")
    assert "has no jwks_uri" in terminal.refused("keys", "test", "bakery")
    assert "nobody listens" in terminal.refused("keys", "test", "--jwks-uri", "http://127.0.0.1:9/")
    secret = terminal("add", "mill", "Mill")
    assert "client_secret" in secret
    terminal("keys", "set", "mill", "--jwks", terminal.folder / "a.json")
    assert terminal.shown("mill")["partner"]["auth_method"] == "private_key_jwt"


async def test_keys_at_an_address(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    terminal = await asyncio.to_thread(Terminal, tmp_path / "one", capsys)
    async with serving() as server:
        server.says(terminal.jwks("a.json", "s1", "e1").read_bytes())
        address = f"http://127.0.0.1:{server.port}/jwks"
        await asyncio.to_thread(terminal, "add", "bakery", "The Bakery", "--jwks-uri", address)
        told = await asyncio.to_thread(terminal, "keys", "test", "bakery")
        assert f"{address} answers well" in told
        assert "s1 sig EC ES256" in told
        shown = await asyncio.to_thread(terminal, "show", "bakery")
        assert address in shown
        assert "s1, e1" in shown, "kept since it was registered"
        server.says(b'{"keys":[]}')
        told = await asyncio.to_thread(terminal.refused, "keys", "test", "bakery")
        assert told == "jwks_uri: no key in the set can be used"
        assert len(server.asked) == 3


def test_algorithms_one_by_one(terminal: Terminal) -> None:
    """What an operator has agreed on stays when keys change; what we do not speak is refused."""
    json_type = ("--algorithm", "userinfo_media_type=application/json")
    terminal("add", "bakery", "The Bakery", "--jwks", terminal.jwks("a.json", "s1", "e1"), *json_type)
    sealed = [f"--algorithm=authorization_encrypted_response_{name}" for name in ("alg=ECDH-ES", "enc=A256GCM")]
    terminal("update", "bakery", *sealed, "--algorithm", "request_object_signing_alg=PS256,Ed25519")
    terminal("keys", "set", "bakery", "--jwks", terminal.jwks("b.json", "s2", "e2"))
    agreed = terminal.shown("bakery")["partner"]["algorithms"]
    assert agreed["userinfo_media_type"] == "application/json"
    assert agreed["request_object_signing_alg"] == ["PS256", "EdDSA"]
    assert agreed["authorization_encrypted_response_alg"] == "ECDH-ES"
    for wrong, told in (
        ("id_token_signed_response_alg=PS256", "it is ES256 or RS256"),
        ("id_token_signed_response_alg=none", "there is no algorithm 'none'"),
        ("request_object_signing_alg=HS256", "there is no algorithm 'HS256'"),
        ("id_token_encrypted_response_enc=A128GCM", "there is no algorithm 'A128GCM'"),
        ("id_token_encrypted_response_alg=RSA1_5", "cannot be encrypted with RSA1_5"),
        ("userinfo_encrypted_response_alg=RSA1_5", "or another userinfo_encrypted_response_alg"),
        ("userinfo_signed_response_alg=", "agree on an algorithm"),
        ("shape=round", "there is no 'shape'; there are id_token_signed_response_alg, "),
        ("userinfo_media_type=text/html", "--algorithm: "),
    ):
        assert told in terminal.refused("update", "bakery", "--algorithm", wrong)
    assert terminal.shown("bakery")["partner"]["algorithms"] == agreed


def test_what_partners_write_is_printed_as_it_stands(terminal: Terminal) -> None:
    """A name is no command to the operator's terminal."""
    terminal("add", "bakery", "[link=https://evil.example]The [bold]Bakery")
    assert "[link=https://evil.example]The [bold]Bakery" in terminal("show", "bakery")
    assert "[bold]" in terminal("list")


def test_a_service(terminal: Terminal) -> None:
    terminal("add", "bakery", "The Bakery", "--jwks", terminal.jwks("a.json", "s1", "e1"))
    assert "there is no partner nobody" in terminal.refused("service", "add", "nobody", "X_LOGIN", "signing", *BACK)
    assert "did you mean email?" in terminal.refused(*SERVICE, *BACK, "--required", "emial")
    assert "needs a name" in terminal.refused(*SERVICE[:-1], "nl=Bakkerij", *BACK)
    terminal(
        *SERVICE, "--name", "nl=Bakkerij", *BACK, "--required", "email", "--voluntary", "picture", "--profile", "fapi2",
        "--request-uri", "https://bakery.example:443/r.jwt", "--backchannel", "ping", "--notification-endpoint",
        "https://bakery.example/ping", "--callback-url", "https://bakery.example/done", "--pkce",
    )  # fmt: skip
    assert "registered already" in terminal.refused(*SERVICE, *BACK)
    assert "RS256 is agreed" in terminal.refused("update", "bakery", "--preset", "migrating"), "its services must fit"
    [service] = terminal.shown("bakery")["services"]
    assert service["name"] == {"nl": "Bakkerij", "fr": "Bakery", "de": "Bakery", "en": "Bakery"}
    assert service["contract"] == {"picture": "voluntary", "email": "required"}
    terminal("service", "update", "BAKERY_LOGIN", "--backchannel", "poll", "--no-pkce", "--type", "identification")
    changed = terminal.shown("bakery")["services"][0]
    expected = {
        "backchannel_mode": "poll", "notification_endpoint": "", "pkce_required": False, "type": "identification",
    }  # fmt: skip
    assert changed == service | expected, "what was not said stays"
    terminal("service", "update", "BAKERY_LOGIN", "--backchannel", "none", "--empty-request-uri", "--purpose", "fun")
    bare = terminal.shown("bakery")["services"][0]
    assert (bare["backchannel_mode"], bare["match_optional"], bare["request_uris"]) == ("", False, [])
    assert bare["purpose"]["fr"] == "fun"
    assert "BAKERY_LOGIN is stopped" in terminal("service", "stop", "BAKERY_LOGIN")
    assert "BAKERY_LOGIN is active" in terminal("service", "start", "BAKERY_LOGIN")
    assert "removed" in terminal("service", "remove", "BAKERY_LOGIN")
    assert "there is no service BAKERY_LOGIN" in terminal.refused("service", "remove", "BAKERY_LOGIN")


def test_a_broker_and_its_final_partner(terminal: Terminal) -> None:
    terminal("add", "bakery", "The Bakery", "--broker")
    terminal("add", "mill", "The Mill", "--final-of", "bakery")
    assert terminal.shown("mill")["partner"]["registered_by"] == "bakery"
    terminal(*SERVICE, *BACK, "--final-partner", "mill")
    terminal("add", "inn", "The Inn")
    assert "is no final partner that bakery registered" in terminal.refused(
        "service", "update", "BAKERY_LOGIN", "--final-partner", "inn"
    )
    assert "bakery is no broker" in terminal.refused("update", "bakery", "--no-broker")


def test_grants(terminal: Terminal) -> None:
    terminal("add", "bakery", "The Bakery")
    terminal(*SERVICE, *BACK, "--required", "BENationalNumber")
    words = ("--ground", "Act of 1983", "--purpose", "payroll", "--approver", "A. Officer")
    assert "is no day" in terminal.refused(
        "grant", "add", "BAKERY_LOGIN", "BENationalNumber", *words, "--until", "tomorrow"
    )
    told = terminal("grant", "add", "BAKERY_LOGIN", "BENationalNumber", *words, "--until", "2030-01-01")
    assert "may ask for BENationalNumber until 2030-01-01T00:00:00Z" in told
    assert "asks for no grants" in told
    grant_id = told.partition("; grant ")[2].split()[0]
    listed = terminal("grant", "list", "BAKERY_LOGIN")
    for word in (grant_id, "holds", "Act of 1983", "payroll", "A. Officer", "2030-01-01"):
        assert word in listed
    assert "BENationalNumber until 2030-01-01" in terminal("show", "bakery")
    assert "revoked grant" in terminal("grant", "revoke", grant_id)
    assert "revoked" in terminal("grant", "list", "BAKERY_LOGIN")
    assert [act for act, _ in asyncio.run(terminal.acts())][-2:] == ["grant.record", "grant.revoke"]


def test_the_request_log(terminal: Terminal) -> None:
    terminal("add", "bakery", "The Bakery")
    assert "no request of bakery was refused" in terminal("log", "bakery")
    asyncio.run(terminal.refuse("bakery"))
    told = terminal("log", "bakery")
    for word in ("BAKERY_LOGIN", "authorization", "check_contract", "invalid_scope", "beyond"):
        assert word in told
    line = json.loads(terminal("log", "bakery", "--json"))
    assert (line["service"], line["check"], line["at"][-1]) == ("BAKERY_LOGIN", "check_contract", "Z")
    assert "no request" in terminal("log", "bakery", "--since", "2999-01-01")
    assert "is no time" in terminal.refused("log", "bakery", "--since", "yesterday")
    assert "there is no partner nobody" in terminal.refused("log", "nobody")


def test_from_a_sandbox_to_another_installation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A registration moves under a client id of its own, with keys of its own, and loopback stays behind."""
    there = Terminal(tmp_path / "there", capsys)
    there("add", "bakery", "The Bakery", "--jwks", there.jwks("a.json", "s1", "e1"), "--broker")
    there("add", "mill", "The Mill", "--final-of", "bakery")
    there(*SERVICE, "--redirect-uri", "http://127.0.0.1:9000/back", "--required", "email", "--final-partner", "mill")
    files = {name: tmp_path / f"{name}.json" for name in ("bakery", "mill")}
    for name, path in files.items():
        there("export", name, "--output", path)
    assert "was exported here" in there.refused("import", files["bakery"])

    here = Terminal(tmp_path / "here", capsys, base="http://localhost:19060")
    keys = ("--jwks", here.jwks("b.json", "s9", "e9"))
    assert "choose a client id of its own" in here.refused("import", files["bakery"], "--client-id", "bakery", *keys)
    assert "bring keys of your own" in here.refused("import", files["bakery"], "--jwks", there.folder / "a.json")
    assert "the broker bakery was not imported yet" in here.refused("import", files["mill"])
    told = here("import", files["bakery"], *keys)
    broker = told.split()[1]
    assert len(broker) == 10
    assert "left out BAKERY_LOGIN: import mill, then this file again" in told
    assert f"ipse partner update bakery --counterpart {broker}" in told
    told = here("import", files["mill"])
    final = told.split()[1]
    assert here.shown(final)["partner"]["registered_by"] == broker
    assert "is registered already" in here.refused("import", files["bakery"], "--client-id", final)
    move = ("--replace", "http://127.0.0.1:9000=https://bakery.example")
    assert "is not of the form OLD=NEW" in here.refused("import", files["bakery"], "--replace", "x")
    assert "registered" in here("import", files["bakery"], "--client-id", broker, *move)
    [service] = here.shown(broker)["services"]
    assert (service["redirect_uris"], service["final_partner"]) == (["https://bakery.example/back"], final)
    assert "no new service" in here("import", files["bakery"], "--client-id", broker)
    partner = here.shown(broker)["partner"]
    assert (partner["counterpart"], [key["kid"] for key in partner["jwks"]["keys"]]) == ("bakery", ["s9", "e9"])


def test_production_takes_nothing_that_belongs_to_a_sandbox(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """DESIGN 2: client ids, keys and loopback addresses of a sandbox stay there, and grants are recorded anew."""
    there = Terminal(tmp_path / "there", capsys)
    there("add", "bakery", "The Bakery", "--jwks", there.jwks("a.json", "s1", "e1"))
    there(*SERVICE, "--redirect-uri", "http://127.0.0.1:9000/back", "--required", "BENationalNumber")
    path = tmp_path / "bakery.json"
    there("export", "bakery", "--output", path)
    jwks = msgspec.json.decode(there.jwks("b.json", "s2", "e2").read_bytes())

    async def take(**changes: Any) -> Taken:
        database = await open_database(f"sqlite://{tmp_path}/there/ipse.db")
        keystore = open_keystore(f"file:{tmp_path}/there/keystore.json")
        registry = Partners(database, keystore, SystemClock(), Environment.PRODUCTION, CATALOGUE)
        transfer = Transfer(registry, "https://id.example/v2")
        arrival: dict[str, Any] = {"client_id": "baker9", "jwks": jwks}
        try:
            return await transfer.take(path.read_bytes(), Arrival(**(arrival | changes)), actor="test")
        finally:
            await database.close()

    def refused(**changes: Any) -> str:
        with pytest.raises(PlatformError) as error:
            asyncio.run(take(**changes))
        return error.value.public

    assert "a production installation takes no sandbox registration as it is" in refused(client_id="bakery")
    assert "belongs to another partner" in refused(), "this test has one database for both"
    there("service", "remove", "BAKERY_LOGIN")
    assert "must be https" in refused()
    assert "bring keys of your own" in refused(jwks=msgspec.json.decode((there.folder / "a.json").read_bytes()))
    assert "at least one signature key" in refused(jwks=None)
    assert asyncio.run(there.acts())[-1][0] == "service.remove", "nothing was registered"
    taken = asyncio.run(take(replace=[("http://127.0.0.1:9000", "https://bakery.example")]))
    assert taken.services[0].redirect_uris == ("https://bakery.example/back",)
    assert [act for act, _ in asyncio.run(there.acts())][-2:] == ["partner.register", "service.register"]


def test_files_that_are_none(terminal: Terminal) -> None:
    path = terminal.folder / "x.json"
    for content in ("", "{}", "[]", '{"format": 1}'):
        path.write_text(content)
        assert "is no exported registration" in terminal.refused("import", path)
    assert "cannot be read" in terminal.refused("import", terminal.folder / "nothing.json")


def test_a_sector_is_one_of_a_short_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    here = Terminal(tmp_path / "here", capsys)
    here("add", "bakery", "The Bakery", "--jwks", here.jwks("a.json", "s1", "e1"), "--sector", "commerce")
    assert here.shown("bakery")["partner"]["sector"] == "commerce"
    here("update", "bakery", "--sector", "government")
    assert here.shown("bakery")["partner"]["sector"] == "government"


def test_somebody_of_a_partner_is_invited_to_the_portal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal(tmp_path / "here", capsys)
    terminal("add", "bakery", "The Bakery")
    assert "add the table [staff]" in str(_refused_settings(terminal))
    terminal.config.write_text(terminal.config.read_text() + '[staff]\norigin = "http://localhost:19056"\n')
    said = terminal("invite", "bakery", "ann@bakery.example", "Ann Baker")
    assert "works once" in said
    assert "http://localhost:19056/staff/join/" in said
    assert "member" in terminal.refused("invite", "bakery", "ann@bakery.example", "Ann Baker")
    assert "no partner" in terminal.refused("invite", "mill", "bo@mill.example", "Bo")


def _refused_settings(terminal: Terminal) -> SettingsError:
    with pytest.raises(SettingsError) as refused:
        terminal("invite", "bakery", "ann@bakery.example", "Ann Baker")
    return refused.value
