"""One running process for each key store, and a person's phone with a certified credential in it."""

from __future__ import annotations

import itertools
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from ipse.kernel.ids import b64u, b64u_decode
from ipse.sandbox.maker import Maker
from ipse.standards.signature_activation import Activated, Certified, NewCredential
from tests.functional.app.installation import token
from tests.functional.signature_activation.phones import Authority, Phone
from tests.functional.signature_activation.processes import MODULE, Place
from tests.support.presence import absent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

KEY_STORES = ("file", "pkcs11")
_numbers = itertools.count(1)


def place_in(folder: Path, store: str) -> Place:
    """A place with keys, not started."""
    if store == "file":
        place = Place(folder, f"file:{folder}/keys")
    else:
        if shutil.which("softhsm2-util") is None:
            absent("SoftHSM", "run `make test` as root, or `apt-get install softhsm2`")
        address = f"pkcs11:token=ipse;object=people?module-path={MODULE}&pin-source=file:{folder}/pin"
        place = Place(folder, f"{address}&sealed={folder}/keys", token(folder))
    made = place.command("init")
    assert made.returncode == 0, made.stderr
    return place


@dataclass
class Asking:
    """A scheme with everything that a scheme has: the socket."""

    client: httpx.Client
    authority: Authority

    def post(self, path: str, body: Any, method: str = "POST") -> tuple[int, dict[str, Any]]:
        answer = self.client.request(method, path, content=msgspec.json.encode(body))
        return answer.status_code, answer.json()

    def create(self, new: NewCredential) -> dict[str, Any]:
        status, answer = self.post("/credentials", new)
        assert status == 200, answer
        return answer

    def certify(self, credential: str, request: str) -> bytes:
        certificate = self.authority.certify(request)
        status, answer = self.post(f"/credentials/{credential}/certificate", Certified(b64u(certificate)), "PUT")
        assert status == 200, answer
        return certificate

    def sign(self, activated: Activated) -> list[bytes]:
        status, answer = self.post("/signatures", activated)
        assert status == 200, answer
        return [b64u_decode(value) for value in answer["signatures"]]

    def refused(self, activated: Activated) -> str:
        status, answer = self.post("/signatures", activated)
        assert status >= 400, answer
        return str(answer["code"])

    def phone(self) -> Phone:
        return Phone(self.client.get("/key").json(), kid=f"phone-{next(_numbers)}")

    def credential(self, phone: Phone, algorithm: str = "P-256") -> str:
        """A certified credential of its own."""
        name = f"credential-{next(_numbers)}"
        self.certify(name, self.create(phone.create(name, algorithm))["request"])
        return name


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="session")
def maker(tmp_path_factory: pytest.TempPathFactory) -> Maker:
    """Whose phones attest their keys."""
    return Maker.create(tmp_path_factory.mktemp("activation-maker"))


@pytest.fixture(scope="session", params=KEY_STORES)
def served(request: pytest.FixtureRequest, maker: Maker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A running process; tests that harm it start their own."""
    place = place_in(tmp_path_factory.mktemp(f"activation-{request.param}"), request.param)
    (place.folder / "makers.pem").write_bytes(maker.root.public_bytes(Encoding.PEM))
    place.settings["attestation_roots"] = str(place.folder / "makers.pem")
    place.start()
    yield place
    place.stop()


@pytest.fixture
def asking(served: Place, authority: Authority) -> Iterator[Asking]:
    with served.client() as client:
        yield Asking(client, authority)


@pytest.fixture(scope="session")
def made_place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with keys in a file, to be copied."""
    return place_in(tmp_path_factory.mktemp("activation-made"), "file").folder


@pytest.fixture
def own(made_place: Path, tmp_path: Path) -> Iterator[Place]:
    """A place of the test's own, with keys in a file, not started."""
    for made in made_place.iterdir():
        shutil.copy(made, tmp_path / made.name)
    place = Place(tmp_path, f"file:{tmp_path}/keys")
    yield place
    if place.process is not None:
        place.kill()
