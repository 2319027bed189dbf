"""Key files, where a security module is, and files that only their owner reads."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ipse.app.keystores import KeyMaterial, complete_keystore, create_keystore, open_keystore
from ipse.kernel.ids import RandomIds
from ipse.kernel.keystore import WORKING_KEY_USES
from ipse.kernel.settings import SettingsError
from ipse.storage.module_address import ModuleAddress, read_address
from ipse.storage.private_files import open_to_others, write_private


@pytest.fixture
def location(tmp_path: Path) -> str:
    location = f"file:{tmp_path}/keys/keystore.json"
    create_keystore(location, RandomIds())
    return location


def path_of(location: str) -> Path:
    return Path(location.removeprefix("file:"))


def test_each_use_has_a_key_of_its_own(location: str) -> None:
    """S-15."""
    keystore = open_keystore(location)
    keys = [keystore.working_key(use) for use in WORKING_KEY_USES]
    assert {len(key) for key in keys} == {32}
    assert len(set(keys)) == len(WORKING_KEY_USES)
    assert [key["alg"] for key in keystore.signing_keys("oidc")] == ["ES256", "RS256", "RSA-OAEP-256"]
    assert [key["alg"] for key in keystore.signing_keys("phone_channel")] == ["ECDH-ES"]
    assert path_of(location).stat().st_mode & 0o777 == 0o600


def test_keys_are_never_overwritten(location: str) -> None:
    before = path_of(location).read_bytes()
    with pytest.raises(SettingsError, match="exists already and is never overwritten"):
        create_keystore(location, RandomIds())
    assert path_of(location).read_bytes() == before
    assert [file.name for file in path_of(location).parent.iterdir()] == ["keystore.json"]


def test_a_key_file_that_others_can_read_is_refused_everywhere(location: str) -> None:
    """S-10: world-readable keys, in a sandbox as well."""
    path_of(location).chmod(0o640)
    with pytest.raises(SettingsError, match=r"can be read by others \(mode 640\); mend with: chmod 600"):
        open_keystore(location)


def weaken(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        document = json.loads(path.read_text())
        change(document)
        path.write_text(json.dumps(document))

    return write


WEAK: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "all zero": (lambda doc: doc["working"].update(person=b64encode(bytes(32)).decode()), "key person is weak"),
    "repeated": (lambda doc: doc["working"].update(code=b64encode(b"abcdefg" * 5).decode()[:44]), "key code is weak"),
    "short": (
        lambda doc: doc["working"].update(code=b64encode(b64decode(doc["working"]["code"])[:16]).decode()),
        "key code is weak",
    ),
    "shared": (lambda doc: doc["working"].update(code=doc["working"]["person"]), "two uses share one working key"),
    "missing": (lambda doc: doc["working"].pop("code"), "key code is missing"),
    "no set": (lambda doc: doc["signing"].pop("oidc"), "key set oidc is missing"),
    "empty set": (lambda doc: doc["signing"].update(oidc=[]), "key set oidc is missing"),
    "not base64": (lambda doc: doc["working"].update(code="?"), "not base64"),
    "unknown": (lambda doc: doc.update(more=1), "unknown field `more`"),
}


@pytest.mark.parametrize("how", WEAK)
def test_a_weak_or_incomplete_key_file_is_refused(location: str, how: str) -> None:
    """S-10: default and weak secrets."""
    change, told = WEAK[how]
    weaken(change)(path_of(location))
    with pytest.raises(SettingsError, match=told):
        open_keystore(location)


def of_an_older_release(location: str) -> KeyMaterial:
    weaken(lambda doc: [doc["working"].pop(use) for use in ("request", "signing_key")])(path_of(location))
    return msgspec.json.decode(path_of(location).read_bytes(), type=KeyMaterial)


def test_a_keystore_of_an_older_release_is_completed_by_hand(location: str) -> None:
    """One line with the remedy; what was there stays, and a second time there is nothing to add."""
    before = of_an_older_release(location)
    with pytest.raises(SettingsError, match=r"lacks the working key request; mend with: ipse keys complete$"):
        open_keystore(location)
    assert complete_keystore(location, RandomIds()) == ("request", "signing_key")
    assert complete_keystore(location, RandomIds()) == ()
    after = msgspec.json.decode(path_of(location).read_bytes(), type=KeyMaterial)
    assert before.working.items() < after.working.items()
    assert after.signing == before.signing
    assert len(open_keystore(location).working_key("request")) == 32
    assert [file.name for file in path_of(location).parent.iterdir()] == ["keystore.json"]


def test_a_sandbox_completes_it_at_start_and_two_starts_agree(location: str) -> None:
    of_an_older_release(location)
    with ThreadPoolExecutor(8) as threads:
        opened = list(threads.map(lambda _: open_keystore(location, completing=True), range(8)))
    assert len({one.working_key("signing_key") for one in opened}) == 1


def test_a_lost_key_is_never_made_anew(location: str) -> None:
    """What it sealed could not be read with another one."""
    weaken(lambda doc: doc["working"].pop("person"))(path_of(location))
    for again in (lambda: open_keystore(location, completing=True), lambda: complete_keystore(location, RandomIds())):
        with pytest.raises(SettingsError, match="the working key person is missing"):
            again()


def test_an_address_of_a_module_is_read_whole() -> None:
    """RFC 7512: percent-encoding, path and query attributes."""
    read = read_address(
        "pkcs11:token=My%20token;serial=00%3B1;object=seal%C3%A9?module-path=/usr/lib/x%26y.so&pin-source=file:/run/p"
        "&sealed=/etc/k"
    )
    assert read == ModuleAddress(Path("/usr/lib/x&y.so"), "My token", "00;1", "sealé", Path("/run/p"), Path("/etc/k"))


QUERY = "module-path=/m&pin-source=/p&sealed=/k"


@pytest.mark.parametrize(
    ("address", "told"),
    [
        (f"pkcs11:?{QUERY}", "lacks token"),
        (f"pkcs11:token=?{QUERY}", "lacks token"),
        ("pkcs11:token=a?module-path=/m&sealed=/k", "lacks pin-source"),
        (f"pkcs11:token=a?{QUERY}&pin-value=1234", "put the PIN into a file"),
        (f"pkcs11:token=a;pin-value=1234?{QUERY}", "put the PIN into a file"),
        (f"pkcs11:token=a;token=b?{QUERY}", "holds token .twice."),
        (f"pkcs11:token=a;slot-id=1?{QUERY}", "holds slot-id .an attribute that is not known."),
        (f"pkcs11:token=a?{QUERY}&module-name=x", "holds module-name"),
        ("pkcs11:token=a?module-path=m.so&pin-source=/p&sealed=/k", "module-path is 'm.so'; it must be an absolute"),
        ("pkcs11:token=a?module-path=/m&pin-source=file:p&sealed=/k", "pin-source is 'p'; it must be an absolute"),
    ],
)
def test_an_address_that_is_not_clear_is_refused(address: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        read_address(address)


def test_a_kind_of_keystore_that_is_unknown_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"must be file:/path/keystore\.json, or pkcs11:"):
        open_keystore("vault:secret")


@pytest.mark.parametrize(
    ("mode", "is_open"), [(0o600, False), (0o400, False), (0o640, True), (0o604, True), (0o620, True)]
)
def test_who_may_read_a_file(tmp_path: Path, mode: int, is_open: bool) -> None:
    path = tmp_path / "key"
    path.write_text("")
    path.chmod(mode)
    assert open_to_others(path) is is_open


def test_a_file_is_replaced_whole_and_stays_private(tmp_path: Path) -> None:
    path = tmp_path / "key"
    write_private(path, b"one", exclusive=True)
    write_private(path, b"two", exclusive=False)
    with pytest.raises(FileExistsError):
        write_private(path, b"three", exclusive=True)
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["key"]
