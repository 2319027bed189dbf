"""`ipse card`: a page reads the card in this computer's reader only if its origin was named and the person says yes.

The reader is the virtual card, behind the interface that pyscard has.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from datetime import date
from types import ModuleType
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from rich.console import Console

from ipse.cli.card import described, show
from ipse.cli.card.errors import MissingProgramError, NoCardError, NoReaderError, OtherCardError, ReaderError
from ipse.cli.card.pcsc import transmitting
from ipse.cli.card.service import Service, check_origin
from ipse.kernel.ids import b64u
from ipse.kernel.settings import SettingsError
from ipse.sandbox.eid.applet import VirtualCard
from ipse.sandbox.eid.authorities import Authorities
from ipse.sandbox.eid.personal import chip_of
from ipse.sandbox.persons import persons
from ipse.standards.eid_apdu import EidCard
from ipse.standards.eid_card import read_files, read_identity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ORIGIN = "https://id.example"
PORT = 35960
HEADERS = {"Origin": ORIGIN, "Host": f"127.0.0.1:{PORT}"}


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> VirtualCard:
    authorities = Authorities.create(tmp_path_factory.mktemp("eid"), "http://127.0.0.1:8001/eid")
    ada = next(person for person in persons(date(2026, 11, 21)) if person.id == "ada")
    return VirtualCard(chip_of(ada, authorities))


class Reader:
    """A reader as pyscard shows it, with a card, another card (bytes to answer everything with), or none."""

    def __init__(self, content: VirtualCard | bytes | None) -> None:
        self.content = content
        self.connected = False

    def createConnection(self) -> Reader:  # noqa: N802 - pyscard's name
        return self

    def connect(self) -> None:
        if self.content is None:
            raise RuntimeError("no card")
        self.connected = True

    def disconnect(self) -> None:
        self.connected = False

    def transmit(self, sent: list[int]) -> tuple[list[int], int, int]:
        if self.content is None:
            raise RuntimeError("card removed")
        answer = self.content if isinstance(self.content, bytes) else self.content.apdu(bytes(sent))
        return list(answer[:-2]), answer[-2], answer[-1]


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    """Put these readers behind pyscard's interface, in place of any that this machine may have."""

    def put(readers: Any) -> None:
        def found() -> list[Reader]:
            if isinstance(readers, Exception):
                raise readers
            return list(readers)

        package, system = ModuleType("smartcard"), ModuleType("smartcard.System")
        system.readers = found  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "smartcard", package)
        monkeypatch.setitem(sys.modules, "smartcard.System", system)

    return put


class TestReaders:
    def test_the_belgian_card_is_found_among_others(self, card: VirtualCard, install: Callable[[Any], None]) -> None:
        readers = [Reader(None), Reader(b"\x6a\x82"), Reader(card)]
        install(readers)
        with transmitting() as transmit:
            assert read_identity(EidCard.found(transmit).files().identity).surname == "Lievens"
            assert readers[2].connected
        assert not any(reader.connected for reader in readers)

    @pytest.mark.parametrize(
        ("readers", "error", "words"),
        [
            ([], NoReaderError, "no card reader"),
            ([Reader(None)], NoCardError, "no card is in"),
            ([Reader(b"\x6a\x82")], OtherCardError, "no Belgian"),
            (RuntimeError("no service"), MissingProgramError, "pcscd"),
        ],
    )
    def test_what_is_missing_is_said(
        self, install: Callable[[Any], None], readers: Any, error: type[ReaderError], words: str
    ) -> None:
        install(readers)
        with pytest.raises(error, match=words), transmitting():
            pass

    def test_without_pyscard_it_says_how_to_get_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "smartcard", None)
        monkeypatch.setitem(sys.modules, "smartcard.System", None)
        with pytest.raises(MissingProgramError, match=r"ipse\[card\]"), transmitting(wants_card=False):
            pass

    def test_a_card_taken_out_is_an_error_of_ours(self, card: VirtualCard, install: Callable[[Any], None]) -> None:
        reader = Reader(card)
        install([reader])
        with transmitting() as transmit:
            reader.content = None
            with pytest.raises(ReaderError, match="taken out"):
                EidCard.found(transmit)


class TestShow:
    def test_it_prints_the_card(
        self, card: VirtualCard, install: Callable[[Any], None], capsys: pytest.CaptureFixture[str]
    ) -> None:
        install([Reader(card)])
        show()
        printed = capsys.readouterr().out
        for expected in ("Ada Lievens", "17 MEI 1988", "Visserskaai 12 bus 3", "592001447102", "tries left"):
            assert expected in printed

    def test_without_a_card_it_says_so_in_one_line(self, install: Callable[[Any], None]) -> None:
        install([Reader(None)])
        with pytest.raises(SettingsError, match="no card"):
            show()

    def test_a_title_stands_before_the_name(self, card: VirtualCard) -> None:
        files = EidCard.found(card.apdu).files()
        console = Console(record=True, width=120)
        console.print(described(files, 2))
        assert "Ada Lievens" in console.export_text()


def _never() -> Any:
    raise AssertionError("the reader was used")


def client(service: Service) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=service)
    return httpx.AsyncClient(transport=transport, base_url=f"http://127.0.0.1:{PORT}")


class TestService:
    @staticmethod
    def serving(card: VirtualCard, *, allowed: bool = True) -> tuple[Service, list[str]]:
        asked: list[str] = []

        @contextmanager
        def transmitting() -> Iterator[Any]:
            yield card.apdu

        def ask(origin: str) -> bool:
            asked.append(origin)
            return allowed

        return Service((ORIGIN,), PORT, transmitting, ask), asked

    async def test_a_page_reads_the_card_after_the_person_said_yes(self, card: VirtualCard) -> None:
        service, asked = self.serving(card)
        challenge = bytes(range(48))
        async with client(service) as http:
            answer = await http.get("/card", params={"challenge": b64u(challenge)}, headers=HEADERS)
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        assert answer.headers["cache-control"] == "no-store"
        files = read_files(answer.json())
        assert files.challenge_signature is not None
        assert read_identity(files.identity).surname == "Lievens"
        assert asked == [ORIGIN]

    async def test_it_has_one_address(self) -> None:
        async with client(Service((ORIGIN,), PORT, _never, lambda _: True)) as http:
            for method, path in (("GET", "/"), ("POST", "/card"), ("GET", "/card/x")):
                assert (await http.request(method, path, headers=HEADERS)).status_code == 404

    async def test_the_person_says_no(self, card: VirtualCard) -> None:
        service, _ = self.serving(card, allowed=False)
        async with client(service) as http:
            answer = await http.get("/card", headers=HEADERS)
        assert (answer.status_code, answer.json()) == (403, {"error": "refused"})

    @pytest.mark.parametrize(
        "headers",
        [
            {"Origin": "https://elsewhere.example"},
            {"Origin": "null"},
            {"Origin": "http://id.example"},
            {"Origin": ""},
            {"Host": "id.example:35960"},
            {"Host": "127.0.0.1:80"},
            {"Host": "rebound.example"},
        ],
    )
    async def test_others_are_not_even_asked_about(self, headers: dict[str, str]) -> None:
        """Another site in the browser, or a name made to lead to this computer."""
        asked: list[str] = []

        def ask(origin: str) -> bool:
            asked.append(origin)
            return True

        service = Service((ORIGIN,), PORT, _never, ask)
        async with client(service) as http:
            for answer in (
                await http.get("/card", headers={**HEADERS, **headers}),
                await http.options("/card", headers={**HEADERS, **headers}),
            ):
                assert answer.status_code == 403
                assert "access-control-allow-origin" not in answer.headers
        assert not asked

    async def test_browsers_may_go_from_the_network_to_this_computer(self, card: VirtualCard) -> None:
        service, _ = self.serving(card)
        wanted = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Private-Network": "true"}
        async with client(service) as http:
            answer = await http.options("/card", headers={**HEADERS, **wanted})
        assert answer.status_code == 204
        assert answer.headers["access-control-allow-private-network"] == "true"
        assert answer.headers["access-control-allow-origin"] == ORIGIN

    @pytest.mark.parametrize(
        ("error", "status", "code"),
        [
            (NoCardError("no card"), 409, "no_card"),
            (OtherCardError("other"), 409, "unknown_card"),
            (NoReaderError("no reader"), 503, "no_reader"),
            (ReaderError("broken"), 503, "reader_failed"),
        ],
    )
    async def test_a_page_is_told_in_a_word_what_is_wrong(self, error: ReaderError, status: int, code: str) -> None:
        def broken() -> Any:
            raise error

        async with client(Service((ORIGIN,), PORT, broken, lambda _: True)) as http:
            answer = await http.get("/card", headers=HEADERS)
        assert (answer.status_code, answer.json()) == (status, {"error": code})

    async def test_a_challenge_of_another_length(self) -> None:
        async with client(Service((ORIGIN,), PORT, _never, lambda _: True)) as http:
            for challenge in ("AAAA", "ä", "="):
                answer = await http.get("/card", params={"challenge": challenge}, headers=HEADERS)
                assert (answer.status_code, answer.json()) == (400, {"error": "bad_challenge"})

    async def test_one_question_at_a_time(self, card: VirtualCard) -> None:
        service, asked = self.serving(card)
        async with service.busy, client(service) as http:
            answer = await http.get("/card", headers=HEADERS)
        assert (answer.status_code, answer.json()) == (429, {"error": "busy"})
        assert not asked


@pytest.mark.parametrize("origin", ["https://id.example", "https://id.example:8443", "http://localhost:8000"])
def test_origins_that_browsers_send(origin: str) -> None:
    check_origin(origin)


@pytest.mark.parametrize(
    "origin",
    ["http://id.example", "https://id.example/", "https://id.example/a", "id.example", "https://a@id.example", "null"],
)
def test_what_is_no_origin_is_refused_at_start(origin: str) -> None:
    with pytest.raises(SettingsError, match="no origin"):
        check_origin(origin)
