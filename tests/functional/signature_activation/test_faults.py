"""Killed in the middle, its database rewritten, its token gone: never two answers, never one without an approval."""

from __future__ import annotations

import shutil
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import pytest

from ipse.standards.signature_activation import Activated, Ending, NewCredential
from tests.functional.signature_activation.conftest import Asking, place_in
from tests.functional.signature_activation.phones import digests, shown, signature
from tests.functional.signature_activation.processes import Place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.functional.signature_activation.phones import Authority

pytestmark = pytest.mark.processes


def killed_while(place: Place, path: str, body: object, seconds: float) -> list[Any]:
    """Ask, and kill the process so long after; what was answered before, if anything."""
    with place.client() as client, ThreadPoolExecutor(1) as one:
        client.get("/key")  # connected from here on

        def ask() -> list[Any]:
            try:
                return [client.post(path, content=msgspec.json.encode(body)).json()]
            except httpx.HTTPError:
                return []

        answer = one.submit(ask)
        time.sleep(seconds)
        place.kill()
        return answer.result()


def test_killed_in_the_middle_it_gives_one_answer(own: Place, authority: Authority) -> None:
    """B-52: a kill at any moment, and the same approval again: one credential, one set of values."""
    own.start()
    with own.client() as client:
        asking = Asking(client, authority)
        phone = asking.phone()
        name = asking.credential(phone)
    creating: NewCredential = phone.create("killed", "RSA-2048")
    signing: Activated = phone.approve(shown(signature(name, digests(70))))
    made, signed = [], []
    for seconds in (0.06,):
        made += killed_while(own, "/credentials", creating, seconds)
        own.start()
    for seconds in (0.006, 0.02):
        signed += killed_while(own, "/signatures", signing, seconds)
        own.start()
    with own.client() as client:
        asking = Asking(client, authority)
        made += [asking.create(creating) for _ in range(2)]
        signed += [asking.post("/signatures", signing)[1] for _ in range(2)]
        assert all(answer == made[0] for answer in made)
        assert all(answer == signed[0] for answer in signed)
        assert len(signed[0]["signatures"]) == 70
        asking.sign(phone.approve(shown(signature(name, digests()))))
    assert own.command("audit", "verify").returncode == 0
    assert own.stop() == 0


# -- the database, written by somebody else


@pytest.fixture(scope="module")
def rewritten(made_place: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A process whose database others write."""
    folder = tmp_path_factory.mktemp("activation-rewritten")
    for made in made_place.iterdir():
        shutil.copy(made, folder / made.name)
    place = Place(folder, f"file:{folder}/keys")
    place.start()
    yield place
    place.kill()


def write(place: Place, text: str, *values: object) -> list[Any]:
    """Write the database, as somebody who has it."""
    with closing(sqlite3.connect(place.folder / "activation.db", timeout=10)) as connection, connection:
        return connection.execute(text, values).fetchall()


def row(place: Place, credential: str) -> bytes:
    found: bytes = write(place, "select sealed from credentials where credential = ?", credential)[0][0]
    return found


def put(place: Place, credential: str, sealed: bytes) -> None:
    write(place, "update credentials set sealed = ? where credential = ?", sealed, credential)


def test_an_older_row_is_not_believed(rewritten: Place, authority: Authority) -> None:
    """B-51: neither tries nor the end of a credential can be undone by putting an older copy back."""
    with rewritten.client() as client:
        asking = Asking(client, authority)
        phone = asking.phone()
        name = asking.credential(phone)
        before = row(rewritten, name)
        assert asking.refused(phone.approve(shown(signature(name, digests())), code="11111")) == "wrong_code"
        put(rewritten, name, before)
        assert asking.refused(phone.approve(shown(signature(name, digests())), code="22222")) == "keys_unavailable"

        ended = asking.credential(phone)
        before = row(rewritten, ended)
        asking.post(f"/credentials/{ended}/end", Ending("deleted"))
        put(rewritten, ended, before)
        assert asking.refused(phone.approve(shown(signature(ended, digests())))) == "keys_unavailable"


CHANGES: dict[str, Callable[[Place, str, str], object]] = {
    "the row of another": lambda place, mine, theirs: put(place, mine, row(place, theirs)),
    "one bit": lambda place, mine, _: put(place, mine, row(place, mine)[:-1] + bytes([row(place, mine)[-1] ^ 1])),
    "half a row": lambda place, mine, _: put(place, mine, row(place, mine)[:40]),
    "no row": lambda place, mine, _: write(place, "delete from credentials where credential = ?", mine),
    "a row that is renamed": lambda place, mine, theirs: (
        write(place, "delete from credentials where credential = ?", mine),
        write(place, "update credentials set credential = ? where credential = ?", mine, theirs),
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_row_signs_nothing(rewritten: Place, authority: Authority, change: str) -> None:
    """B-51: device key, code key, tries and the wrapped key are sealed together, each row for itself."""
    with rewritten.client() as client:
        asking = Asking(client, authority)
        victim, attacker = asking.phone(), asking.phone()
        mine, theirs = asking.credential(victim), asking.credential(attacker)
        CHANGES[change](rewritten, mine, theirs)
        assert asking.refused(attacker.approve(shown(signature(mine, digests())))) == "keys_unavailable"
        assert asking.refused(victim.approve(shown(signature(mine, digests())))) == "keys_unavailable"
        status, answer = asking.post("/credentials", attacker.create(mine))
        assert (status, answer["code"]) == (503, "keys_unavailable")


def test_a_forgotten_approval_is_still_used(rewritten: Place, authority: Authority) -> None:
    """B-51, B-52: deleting what became of an approval does not make it sign again."""
    with rewritten.client() as client:
        asking = Asking(client, authority)
        phone = asking.phone()
        activated = phone.approve(shown(signature(asking.credential(phone), digests())))
        asking.sign(activated)
        write(rewritten, "delete from approvals")
        assert asking.refused(activated) == "used"


def test_an_older_or_changed_database_is_not_served(own: Place, authority: Authority, tmp_path: Path) -> None:
    """B-51, B-54: the whole database put back as it was, or a line of its log changed."""
    own.start()
    with own.client() as client:
        asking = Asking(client, authority)
        phone = asking.phone()
        name = asking.credential(phone)
        used = phone.approve(shown(signature(name, digests())))
        own.stop()
        older = shutil.copy(own.folder / "activation.db", tmp_path / "older")
        own.start()
    with own.client() as client:
        Asking(client, authority).sign(used)
        told = own.command("status")
        assert told.returncode == 0
        assert "1 certified" in told.stdout
    own.stop()
    newer = shutil.copy(own.folder / "activation.db", tmp_path / "newer")

    def served() -> str:
        done = own.command("serve")
        assert done.returncode == 78
        return done.stderr

    shutil.copy(older, own.folder / "activation.db")
    assert "cut off or replaced" in served()
    (own.folder / "activation.head").rename(tmp_path / "head")
    assert "head file is missing" in served()
    assert "the log ends with" in own.command("audit", "accept", "3:00").stderr
    assert "head file is missing" in served()
    (tmp_path / "head").replace(own.folder / "activation.head")
    shutil.copy(newer, own.folder / "activation.db")
    write(own, "update audit_lines set subject = 'somebody' where seq = 2")
    assert "line 2" in served()
    shutil.copy(newer, own.folder / "activation.db")
    write(own, "delete from credentials")
    assert "is missing" in own.command("audit", "verify").stderr
    shutil.copy(newer, own.folder / "activation.db")
    own.start()
    with own.client() as client:
        assert len(Asking(client, authority).sign(used)) == 1
    assert "serves already" in served()
    own.stop()

    # Somebody has judged that this back-up is the best there is.
    shutil.copy(older, own.folder / "activation.db")
    head = own.command("audit", "accept", "3:00").stderr.split("ends with ")[1].split(",")[0]
    assert own.command("audit", "accept", head).returncode == 0
    own.start()
    with own.client() as client:
        assert len(Asking(client, authority).sign(used)) == 1


# -- the security module


def test_a_token_that_goes_comes_back_by_itself(tmp_path: Path, authority: Authority) -> None:
    """Nothing is lost while the keys are away: no try is counted, no approval used."""
    place = place_in(tmp_path, "pkcs11")
    place.start()
    try:
        with place.client() as client:
            asking = Asking(client, authority)
            phone = asking.phone()
            name = asking.credential(phone)
            (tmp_path / "tokens").rename(tmp_path / "gone")
            activated = phone.approve(shown(signature(name, digests())))
            for _ in range(5):
                other = phone.approve(shown(signature(name, digests())))
                assert asking.refused(other) == asking.refused(activated) == "keys_unavailable"
            status, answer = asking.post("/credentials", phone.create("while-away"))
            assert (status, answer["code"]) == (503, "keys_unavailable")
            assert "unavailable" in place.command("status").stdout
            (tmp_path / "gone").rename(tmp_path / "tokens")
            until = time.monotonic() + 15
            while (answered := asking.post("/signatures", activated))[0] == 503 and time.monotonic() < until:
                time.sleep(0.1)
            assert answered[0] == 200
            assert asking.post("/signatures", activated) == answered
            asking.credential(phone, "RSA-2048")
    finally:
        assert place.stop() == 0
