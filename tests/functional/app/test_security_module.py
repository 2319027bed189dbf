"""Production's keys are under a security module: a real SoftHSM, a real start, and every way it can fail."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ipse.app.keystores import create_keystore, open_keystore
from ipse.kernel.ids import RandomIds
from ipse.kernel.settings import SettingsError
from tests.functional.app.conftest import LOGIN
from tests.functional.app.installation import MODULE, PIN, Place, handle_of, module_uri, stop, token

pytestmark = pytest.mark.processes


def test_production_starts_with_keys_from_a_module_and_lists_them(proper: Place) -> None:
    """S-10, S-15: keys are sealed by the token; the file alone is worth nothing."""
    sealed = json.loads((proper.folder / "keystore.sealed").read_text())
    assert set(sealed) == {"version", "sealed_by", "file_key", "material"}
    assert (proper.folder / "keystore.sealed").stat().st_mode & 0o777 == 0o600
    listed = proper.ipse("keys", "list").stdout
    assert "RS256" in listed
    with proper.serving() as process:
        with proper.client() as client:
            published = client.get("/v2/jwkSet").json()["keys"]
        assert {key["alg"] for key in published} >= {"ES256", "RS256"}
        assert all(key["kid"] in listed for key in published)
        assert stop(process) < 5


def test_no_login_calls_the_module(proper: Place) -> None:
    """DESIGN 4: released once at start; afterwards token and PIN may be gone and people still log in."""
    with_partner = proper.ipse("partner", "add", "shop", "Shop")
    assert with_partner.returncode == 0, with_partner.stderr
    service = ("SHOP_LOGIN", "authentication", "--redirect-uri", LOGIN["redirect_uri"], "--name", "Shop")
    assert proper.ipse("partner", "service", "add", "shop", *service).returncode == 0
    with proper.serving(), proper.client() as browser:
        (proper.folder / "pin").unlink()
        shutil.rmtree(proper.folder / "tokens")
        page = browser.get("/v2/authorization", params=LOGIN)
    assert page.status_code == 200
    assert handle_of(page.text)


def test_the_key_never_leaves_the_token(proper: Place) -> None:
    """S-15: the sealing key is sensitive, cannot be extracted, and does nothing but seal."""
    script = (
        "import json, pkcs11\n"
        "from pkcs11 import Attribute\n"
        f"token = pkcs11.lib({MODULE!r}).get_token(token_label='ipse')\n"
        f"with token.open(user_pin={PIN!r}) as session:\n"
        "    key, = session.get_objects({Attribute.LABEL: 'keystore'})\n"
        "    names = 'SENSITIVE ALWAYS_SENSITIVE NEVER_EXTRACTABLE PRIVATE EXTRACTABLE WRAP UNWRAP SIGN DERIVE'\n"
        "    print(json.dumps({name: key[Attribute[name]] for name in names.split()}))\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", script], env=os.environ | proper.environment, capture_output=True, timeout=30, check=True
    )
    attributes = json.loads(told.stdout)
    assert [name for name, value in attributes.items() if value] == [
        "SENSITIVE", "ALWAYS_SENSITIVE", "NEVER_EXTRACTABLE", "PRIVATE",
    ]  # fmt: skip


def test_keys_are_made_once_only(proper: Place) -> None:
    before = (proper.folder / "keystore.sealed").read_bytes()
    again = proper.ipse("keys", "init")
    assert again.returncode == 1
    assert "exists already and is never overwritten" in again.stderr
    assert (proper.folder / "keystore.sealed").read_bytes() == before


def test_a_rotation_leaves_the_sealed_file_alone(proper: Place) -> None:
    """S-15: new keys are sealed under a key of the file; whoever serves needs no right to write it."""
    before = (proper.folder / "keystore.sealed").read_bytes()
    rotated = proper.ipse("keys", "rotate")
    assert rotated.returncode == 0, rotated.stderr
    assert (proper.folder / "keystore.sealed").read_bytes() == before
    assert "keys.rotate" in proper.ipse("audit", "list").stdout
    listed = proper.ipse("keys", "list").stdout
    assert listed.count(" spreading ") == 3


OLDER = """
from ipse.app import keystores
keystores.WORKING_KEY_USES = tuple(set(keystores.WORKING_KEY_USES) - {"request", "signing_key"})
from ipse.cli import main
main()
"""


def test_a_sealed_file_of_an_older_release_is_completed_by_its_operator(proper: Place) -> None:
    """One line that says what to type; afterwards it starts."""
    (proper.folder / "keystore.sealed").unlink()
    made = replace(proper, command=(sys.executable, "-c", OLDER)).ipse("keys", "init")
    assert made.returncode == 0, made.stderr
    told = proper.refusal().strip().splitlines()[-1]
    assert told.endswith("is of an older release and lacks the working key request; mend with: ipse keys complete")
    assert "ipse keys complete" in proper.ipse("doctor").stdout
    completed = proper.ipse("keys", "complete")
    assert completed.stdout == "added request, signing_key; keep a new copy of the keystore\n", completed.stderr
    with proper.serving():
        pass


def elsewhere(**attributes: str) -> Callable[[Place], Place]:
    """The address with another attribute."""
    return lambda place: place.changed(keystore=module_uri(place.folder, **attributes))


def changing_file(place: Place) -> None:
    sealed = place.folder / "keystore.sealed"
    document = json.loads(sealed.read_text())
    document["material"] = document["material"][:-8] + "AAAAAAA="
    sealed.write_text(json.dumps(document))


def taking_another_token(place: Place) -> Place:
    sealed = place.folder / "keystore.sealed"
    kept = sealed.read_bytes()
    sealed.unlink()
    token(place.folder, "second")
    second = elsewhere(label="second")(place)
    create_keystore(second.settings["keystore"], RandomIds())
    sealed.write_bytes(kept)
    return second


BREAKAGES: dict[str, tuple[Callable[[Place], Any], str]] = {
    "wrong PIN": (lambda place: (place.folder / "pin").write_text("another PIN"), "refuses the PIN in"),
    "no PIN file": (lambda place: (place.folder / "pin").unlink(), "the PIN file"),
    "open PIN file": (lambda place: (place.folder / "pin").chmod(0o644), "chmod 600"),
    "empty PIN file": (lambda place: (place.folder / "pin").write_text("\n"), "is empty"),
    "no such token": (elsewhere(label="other"), "no token called 'other'"),
    "no such key": (elsewhere(key="other"), "no AES key called 'other'"),
    "no such module": (elsewhere(module="/nowhere/module.so"), "cannot be loaded; mend module-path"),
    "changed file": (changing_file, "was changed"),
    "another token's key": (taking_another_token, "sealed by another key"),
    "no sealed file": (lambda place: (place.folder / "keystore.sealed").unlink(), "ipse keys init"),
    "no attributes": (lambda place: place.changed(keystore="pkcs11:token=ipse"), "lacks module-path, pin-source"),
    "PIN in the settings": (
        lambda place: place.changed(keystore=module_uri(place.folder) + "&pin-value=1234"),
        "put the PIN into a file",
    ),
}


@pytest.mark.parametrize("breaking", BREAKAGES)
def test_what_keeps_a_module_from_opening_is_told(
    proper: Place, breaking: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S-10: production does not start without its module, and says what to mend in one line."""
    for name, value in proper.environment.items():
        monkeypatch.setenv(name, value)
    broken, told = BREAKAGES[breaking]
    changed = broken(proper)
    place = changed if isinstance(changed, Place) else proper
    with pytest.raises(SettingsError, match=told) as refused:
        open_keystore(place.settings["keystore"])
    assert len(str(refused.value).splitlines()) == 1
    assert PIN not in str(refused.value)


def test_a_wrong_pin_ends_the_start_so_that_no_supervisor_tries_again(proper: Place) -> None:
    """S-10: status 78, which the service file names in RestartPreventExitStatus: tokens lock after a few wrong PINs."""
    (proper.folder / "pin").write_text("another PIN")
    assert proper.refusal().count("refuses the PIN") == 1


def test_a_key_that_could_be_taken_out_is_refused(proper: Place) -> None:
    """S-15: somebody else's extractable key of the right name does not become ours."""
    script = (
        "import pkcs11\n"
        "from pkcs11 import Attribute, KeyType\n"
        f"token = pkcs11.lib({MODULE!r}).get_token(token_label='ipse')\n"
        f"with token.open(rw=True, user_pin={PIN!r}) as session:\n"
        "    open_to_all = {Attribute.SENSITIVE: False, Attribute.EXTRACTABLE: True}\n"
        "    session.generate_key(KeyType.AES, 256, label='loose', store=True, template=open_to_all)\n"
    )
    subprocess.run([sys.executable, "-c", script], env=os.environ | proper.environment, timeout=30, check=True)
    (proper.folder / "keystore.sealed").unlink()
    made = proper.changed(keystore=module_uri(proper.folder, key="loose")).ipse("keys", "init")
    assert made.returncode == 1
    assert "could be taken out of token" in made.stderr
    assert not (proper.folder / "keystore.sealed").exists()


def test_without_the_package_the_remedy_is_told(proper: Place, tmp_path: Path) -> None:
    """A sandbox needs no PKCS#11 package; production says which one it misses."""
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "pkcs11.py").write_text("raise ImportError('hidden by a test')\n")
    proper.environment["PYTHONPATH"] = str(hidden)
    assert "requirements/pkcs11.txt" in proper.refusal()
