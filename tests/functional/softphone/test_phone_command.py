"""`ipse phone` against a running sandbox, as a partner's automated tests would use it."""

from __future__ import annotations

import hashlib
import io
import json
import re
import stat
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest

from ipse.cli.phone import HELP
from ipse.kernel.ids import b64u
from tests.functional.documents.samples import pdf
from tests.support.sandbox import IPSE, Sandbox, running_sandbox
from tests.support.visitor import Visitor

CODE = "13579"
NEW_CODE = "24680"
FILES = {"Lease.pdf": pdf(pages=2, title="Lease"), "Annex.pdf": pdf(title="Annex")}

pytestmark = pytest.mark.processes


@dataclass(frozen=True)
class Command:
    """One phone at the command line."""

    sandbox: Sandbox
    store: Path

    def __call__(self, *words: str) -> tuple[int, dict[str, Any]]:
        """Run it; exit status and what it printed as JSON."""
        done = subprocess.run(
            [*IPSE, "phone", *words, "--json", "--store", str(self.store)], capture_output=True, timeout=60, check=False
        )
        assert done.stdout, done.stderr.decode()
        answer: dict[str, Any] = json.loads(done.stdout)
        return done.returncode, answer

    def activate(self, person: str, *more: str) -> tuple[int, dict[str, Any]]:
        bank = next(one["bank"] for one in self.sandbox.world["persons"] if one["id"] == person)
        return self("activate", "--base", self.sandbox.base, "--bank", bank, "--person", person, "--code", CODE, *more)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox"), signing=True) as running:
        yield running


@pytest.fixture
def phone(sandbox: Sandbox, tmp_path: Path) -> Command:
    """Ada's phone."""
    command = Command(sandbox, tmp_path / "phone.json")
    status, answer = command.activate("ada")
    assert (status, answer["account"]["state"]) == (0, "active"), answer
    return command


@pytest.fixture(params=["shop", "portal"])
def visitor(request: pytest.FixtureRequest, sandbox: Sandbox) -> Iterator[Visitor]:
    browser = Visitor(sandbox.base, sandbox.partner(request.param))
    yield browser
    browser.close()


def test_a_whole_login_by_qr(phone: Command, visitor: Visitor) -> None:
    page = visitor.start()
    status, shown = phone("show", page.qr)
    assert (status, shown["start"]) == (0, "qr")
    assert shown["shown"]["partner"]["id"] == visitor.partner["client_id"]
    status, outcome = phone("approve", page.qr, "--code", CODE)
    assert (status, outcome["outcome"]) == (0, "approved")
    assert "return_url" not in outcome
    claims = visitor.opened(visitor.redeem(visitor.finish(page), page).json()["id_token"])
    assert (claims["nonce"], len(claims["sub"])) == (page.nonce, 36)
    _, history = phone("history")
    assert history["entries"][0]["outcome"] == "approved"


def test_data_is_shared_by_app_link_and_one_attribute_declined(phone: Command, visitor: Visitor) -> None:
    page = visitor.start("identification", scope="profile")
    _, shown = phone("show", page.link)
    voluntary = [one["name"] for one in shown["shown"]["attributes"] if not one["required"]]
    status, outcome = phone("approve", page.link, "--code", CODE, "--decline", voluntary[0])
    assert (status, outcome["declined"]) == (0, [voluntary[0]])
    tokens = visitor.redeem(visitor.open_return(outcome["return_url"], page), page).json()
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    claims = visitor.opened(visitor.browser.get(f"{visitor.base}/v2/userinfo", headers=bearer).text)
    assert voluntary[0] not in claims
    assert claims["family_name"] == "Lievens"


def test_each_way_to_fail_has_a_status_of_its_own(phone: Command, visitor: Visitor) -> None:
    page = visitor.start()
    assert phone("approve", page.qr, "--code", "97531")[0] == 3
    status, required = phone("approve", page.qr, "--code", CODE, "--decline", "family_name")
    assert (status, required["error"]) == (2, "cannot_decline")
    assert phone("reject", page.qr, "--not-started")[0] == 0
    assert phone("approve", page.qr, "--code", CODE)[0] == 5
    assert phone("approve", "https://example.org/", "--code", CODE)[0] == 5
    status, weak = phone("change-code", "--code", CODE, "--new-code", "11111")
    assert (status, weak["error"]) == (8, "weak_code")
    status, exists = phone.activate("ada")
    assert (status, exists["error"]) == (7, "phone_exists")


def test_a_changed_code_is_the_one_that_counts(phone: Command, visitor: Visitor) -> None:
    assert phone("change-code", "--code", CODE, "--new-code", "24680")[0] == 0
    page = visitor.start()
    assert phone("approve", page.qr, "--code", CODE)[0] == 3
    assert phone("approve", page.qr, "--code", "24680")[0] == 0


def test_a_blocked_identity_comes_back_on_a_new_phone_only(phone: Command, tmp_path: Path) -> None:
    assert phone("block", "--reason", "lost")[1]["account"]["state"] == "blocked"
    status, refused = phone("home")
    assert (status, refused["error"]) == (4, "phone_stopped")
    fresh = Command(phone.sandbox, tmp_path / "new.json")
    assert fresh.activate("ada")[0] == 0
    assert fresh("home")[1]["account"]["state"] == "active"
    assert phone("home")[0] == 4


def test_a_second_activation_moves_the_identity(phone: Command, tmp_path: Path) -> None:
    other = Command(phone.sandbox, tmp_path / "other.json")
    assert other.activate("ada")[1]["moved"]
    assert phone("home")[1]["why"] == "moved"


def test_removing_ends_the_phone_and_its_store_can_be_used_again(phone: Command) -> None:
    assert phone("remove")[0] == 0
    assert phone("home")[0] == 4
    assert phone.activate("ada")[0] == 0


def test_what_cannot_be_activated(sandbox: Sandbox, tmp_path: Path) -> None:
    command = Command(sandbox, tmp_path / "phone.json")
    base = ("activate", "--base", sandbox.base, "--code", CODE)
    assert command("home")[0] == 7
    assert command(*base, "--bank", "bank-vesta", "--person", "nobody")[0] == 9
    assert command(*base, "--bank", "no-bank", "--person", "ada")[0] == 9
    assert command(*base, "--bank", "bank-vesta", "--person", "ada", "--app-version", "0.0.1")[0] == 9
    # A number that neither the bank nor an operator knows: signing in only, and the phone says so.
    status, answer = command(*base, "--bank", "bank-vesta", "--person", "ada", "--number", "+32 499999999")
    assert (status, answer["account"], answer["number_verified"]) == (0, {"state": "active", "why": None}, False)
    assert command("home")[1]["sim"] == {"state": "reduced", "checked_at": None, "number_proven": False}


def test_the_code_of_a_text_message_is_typed_or_read_from_the_inbox(sandbox: Sandbox, tmp_path: Path) -> None:
    """B-29: an operator that cannot recognise SIMs sends a code; its phone signs in and nothing more."""
    ileana = Command(sandbox, tmp_path / "ileana.json")
    assert ileana.activate("ileana")[0] == 0
    assert ileana("home")[1]["sim"]["state"] == "reduced"


def test_an_eid_card_and_its_pin_enrol_without_a_browser(sandbox: Sandbox, tmp_path: Path) -> None:
    base = ("activate", "--base", sandbox.base, "--code", CODE, "--bank", "eid_card")
    gerda = Command(sandbox, tmp_path / "gerda.json")
    status, answer = gerda(*base, "--person", "gerda", "--pin", "0000")
    assert (status, answer["error"]) == (9, "bank_failed")
    assert "wrong_pin, 2 tries left" in answer["detail"]
    status, answer = gerda(*base, "--person", "gerda", "--pin", "1234")
    assert (status, answer["account"]["state"]) == (0, "active"), answer
    received = {one["name"]: one["value"] for one in answer["received"]}
    assert received["birthdate"] == "1958-12-11"
    # The card alone is not for minors; a person without a card has none to show.
    status, answer = Command(sandbox, tmp_path / "lotte.json")(*base, "--person", "lotte", "--pin", "1234")
    assert (status, answer["detail"]) == (9, "the card was not taken: minors_elsewhere")
    status, answer = Command(sandbox, tmp_path / "bram.json")(*base, "--person", "bram", "--pin", "1234")
    assert (status, answer["detail"]) == (9, "the card slot: no_card")


def test_no_answer_keeps_nothing_half_done(sandbox: Sandbox, tmp_path: Path) -> None:
    command = Command(sandbox, tmp_path / "phone.json")
    status, answer = command(
        "activate", "--base", "http://127.0.0.1:9", "--bank", "b", "--person", "p", "--code", CODE, "--number", "+32 4"
    )
    assert (status, answer["error"]) == (6, "no_answer")


def test_the_store_is_for_its_owner_and_holds_no_code(phone: Command) -> None:
    assert stat.S_IMODE(phone.store.stat().st_mode) == 0o600
    assert CODE not in phone.store.read_text()


def test_a_reported_device_reaches_the_partner(phone: Command, sandbox: Sandbox) -> None:
    portal = Visitor(sandbox.base, sandbox.partner("portal"))
    name = next(claim for claim in portal.service("identification")["claims"] if claim.endswith("claim_device"))
    page = portal.start("identification", scope="profile", claims=json.dumps({"userinfo": {name: None}}))
    status, refused = phone("show", page.qr, "--rooted")
    assert (status, refused["error"]) == (2, "phone_refused")
    said = ("--no-rooted", "--no-debug-enabled", "--device-model", "Lumen 4", "--os", "Android", "--device-id", "d-1")
    assert phone("show", page.qr, *said)[0] == 0
    assert phone("approve", page.qr, "--code", CODE, "--on-call")[0] == 0
    tokens = portal.redeem(portal.finish(page), page).json()
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    claims = portal.opened(portal.browser.get(f"{portal.base}/v2/userinfo", headers=bearer).text)
    told = claims[name]
    assert (told["rooted"], told["debugEnabled"], told["deviceModel"], told["os"]) == (
        False,
        False,
        "Lumen 4",
        "Android",
    )
    assert (told["deviceLabel"], told["appName"]) == ("Soft phone", "ipse-softphone")
    assert told["deviceId"] not in {"", "d-1"}  # this partner's own
    portal.close()


def test_a_protected_value_costs_a_code(phone: Command, sandbox: Sandbox) -> None:
    portal = Visitor(sandbox.base, sandbox.partner("portal"))
    page = portal.start("identification", scope="eid")
    _, shown = phone("show", page.qr)
    number = next(one for one in shown["shown"]["attributes"] if one["name"] == "BENationalNumber")
    assert number["masked"].startswith("*")
    _, open_now = phone("requests")
    assert [(one["action"], one["claimed"]) for one in open_now["requests"]] == [(shown["action"], True)]
    status, wrong = phone("reveal", f"--action={shown['action']}", "--code", "97531")
    assert (status, wrong["error"]) == (3, "wrong_code")
    status, revealed = phone("reveal", f"--action={shown['action']}", "--code", CODE)
    assert status == 0
    assert revealed["values"]["BENationalNumber"].endswith(number["masked"].strip("*"))
    assert phone("reject", f"--start={shown['action']}")[1]["outcome"] == "rejected"
    portal.close()


def test_a_frame_opened_as_a_link_takes_the_digits(phone: Command, sandbox: Sandbox) -> None:
    shop = Visitor(sandbox.base, sandbox.partner("shop"))
    status, refused = phone("show", shop.start().qr, "--digits", "1")
    assert (status, refused["error"]) == (5, "wrong_digits")
    status, unknown = phone("show", "--start=AAAAAAAAAAAAAAAAAAAAAA")
    assert (status, unknown["error"]) == (5, "unknown_request")
    shop.close()


def test_the_help_lists_every_status() -> None:
    assert [int(number) for number in re.findall(r"^(\d+) ", HELP, re.MULTILINE)] == list(range(14))


def test_a_duress_code_is_set_and_removed_with_the_same_words(phone: Command) -> None:
    """T-25: neither answer nor memory of the phone tells what was wished."""
    before = {name: value for name, value in json.loads(phone.store.read_text()).items() if name != "chain"}
    wishes = (("--duress-code", "86420"), ("--duress-code", "97531", "--tell"), ("--remove",))
    assert [phone("duress", "--code", CODE, *wish) for wish in wishes] == [(0, {"done": True})] * 3
    after = {name: value for name, value in json.loads(phone.store.read_text()).items() if name != "chain"}
    assert after == before
    assert phone("duress", "--code", CODE, "--duress-code", "13597")[0] == 8  # two neighbours swapped


def test_the_code_of_a_sheet_is_dialled_in_the_sandbox_s_telephone(phone: Command) -> None:
    """A person without their phone calls the menu, chooses French, slips once, and is blocked."""
    status, sheet = phone("panic-sheet", "--code", CODE)
    assert status == 0
    assert sheet["telephone"] == phone.sandbox.world["telephone"]["number"]
    assert [one["sheet"] for one in phone("panic-sheet", "--show")[1]["sheets"]] == [sheet["sheet"]]
    digits = sheet["code"].replace(" ", "")
    with httpx.Client(base_url=f"http://127.0.0.1:{phone.sandbox.port + 1}", timeout=20) as telephone:
        page = telephone.get("/telephone/").text
        for key in ("2", *digits[:-1], str((int(digits[-1]) + 1) % 10), "#", *digits, "#"):
            page = telephone.post("/telephone/", data={**_hidden(page), "key": key}).text
            assert "<script" not in page
    assert 'data-over="yes"' in page
    assert "Le code est reçu" in page
    assert phone("home")[0] == 4


def _hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))


def test_other_ways_are_prepared_listed_and_taken_away(phone: Command) -> None:
    assert phone("add-fallback", "sheet", "--code", "97531")[0] == 3
    status, sheet = phone("add-fallback", "sheet", "--code", CODE)
    assert (status, len(set(sheet["codes"]))) == (0, 10)
    status, app = phone("add-fallback", "totp", "--code", CODE)
    assert (status, app["name"]) == (0, sheet["name"])
    status, passkey = phone("add-fallback", "passkey", "--code", CODE)
    assert (status, passkey["url"].startswith(f"{phone.sandbox.base}/passkey/")) == (0, True)
    listed = phone("fallbacks")[1]["fallbacks"]
    assert [(each["method"], each.get("left")) for each in listed] == [("sheet", 10), ("totp", None)]
    assert phone("remove-fallback", sheet["setup"], "--code", CODE)[0] == 0
    assert [each["method"] for each in phone("fallbacks")[1]["fallbacks"]] == ["totp"]
    kinds = [each["kind"] for each in phone("notices")[1]["notices"]]
    assert kinds[:3] == ["fallback_removed", "fallback_added", "fallback_added"]


@dataclass(frozen=True)
class Pages:
    """Our own pages in a browser without scripts, of whoever holds the phone."""

    phone: Command
    http: httpx.Client

    def post(self, path: str, files: Any = None, **fields: str) -> httpx.Response:
        """A form, with what proves that it is ours."""
        data = {**_hidden(self.http.get("/block").text), **fields}
        return self.http.post(path, data=data, files=files, headers={"Origin": self.phone.sandbox.base})

    def start(self, waiting: httpx.Response) -> str:
        """What the QR of a waiting page holds."""
        found = re.search(r'data-content="([^"]+)"', waiting.text)
        assert found is not None, waiting.text[-2000:]
        return unescape(found[1])

    def finish(self, waiting: httpx.Response) -> httpx.Response:
        """Where an approved waiting page leads."""
        found = re.search(r'data-here="([^"]+)"', waiting.text)
        assert found is not None
        return self.http.get(f"{found[1]}/finish")

    def asked(self) -> httpx.Response:
        """Bring documents and ask to sign them: the page that waits."""
        parts = [("files", (name, content, "application/pdf")) for name, content in FILES.items()]
        draft = self.post("/envelopes", files=parts)
        return self.post(draft.url.path, do="sign", role="Tenant", reason="Agreed", title="Lease of Linden Street 5")


@pytest.fixture
def ada(phone: Command) -> Iterator[Pages]:
    """Signed in at our own pages."""
    with httpx.Client(base_url=phone.sandbox.base, timeout=60, follow_redirects=True) as http:
        pages = Pages(phone, http)
        waiting = pages.post("/session/begin", onward="/envelopes")
        assert phone("approve", pages.start(waiting), "--code", CODE)[0] == 0
        pages.finish(waiting)
        yield pages


def test_documents_are_read_then_signed_with_a_certificate_of_this_phone(
    phone: Command, ada: Pages, tmp_path: Path
) -> None:
    waiting = ada.asked()
    start = ada.start(waiting)
    status, shown = phone("show", start)
    (creation,) = shown["shown"]["confirms"]
    assert (status, shown["strange"], creation["type"], creation["quality"]) == (0, None, "credential", "test")
    assert phone("approve", start, "--fingerprint")[1]["error"] == "code_needed"
    assert phone("approve", start, "--code", NEW_CODE)[0] == 3
    assert json.loads(phone.store.read_text())["signers"] == []
    status, made = phone("approve", start, "--code", CODE)
    assert (status, made["confirmed"]) == (0, [creation])
    assert phone("certificates")[1] == {"certificates": [creation["credential"]]}

    waiting = ada.finish(waiting)
    start = ada.start(waiting)
    opened, pages = tmp_path / "opened.pdf", tmp_path / "pages"
    status, document = phone("document", start, "1", "--save", str(opened), "--pages", str(pages))
    assert (status, document["label"], document["pages"]) == (0, "Lease.pdf", 2)
    assert opened.read_bytes() == FILES["Lease.pdf"]
    assert document["file_digest"] == b64u(hashlib.sha256(FILES["Lease.pdf"]).digest())
    assert all((pages / f"page-{number}.png").read_bytes().startswith(b"\x89PNG") for number in (1, 2))
    status, approved = phone("approve", start, "--code", CODE)
    (signature,) = approved["confirmed"]
    assert [one["label"] for one in signature["documents"]] == list(FILES)
    assert signature["credential"] == creation["credential"]
    finished = ada.finish(waiting)
    assert finished.status_code == 200
    with zipfile.ZipFile(io.BytesIO(ada.http.get(f"{finished.url.path}/all").content)) as files:
        assert sum(b"/ByteRange" in files.read(name) for name in files.namelist()) == len(FILES)
    entries = phone("history")[1]["entries"]
    assert entries[0]["confirmed"][0]["labels"] == list(FILES)
    assert entries[1]["confirmed"][0]["quality"] == "test"

    assert phone("change-code", "--code", CODE, "--new-code", NEW_CODE)[0] == 0
    assert json.loads(phone.store.read_text())["signers"] == []
    again = phone("show", ada.start(ada.asked()))[1]["shown"]["confirms"][0]
    assert (again["type"], again["credential"] != creation["credential"]) == ("credential", True)
