"""The process itself: who can reach it, what it tells, and how it is started and stopped."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.functional.signature_activation.phones import digests, shown, signature
from tests.functional.signature_activation.processes import MODULE, Place

if TYPE_CHECKING:
    from tests.functional.signature_activation.conftest import Asking

GUIDES = Path(__file__).resolve().parents[3] / "docs" / "guides"


def test_only_user_and_group_reach_it_and_only_the_user_reads(served: Place) -> None:
    """B-50, B-54: the socket is the one thing that others may touch."""
    assert served.door.stat().st_mode & 0o777 == 0o660
    for path in served.folder.glob("activation.*"):
        if path.suffix != ".toml":
            assert path.stat().st_mode & 0o077 == 0, path
    assert (served.folder / "keys").stat().st_mode & 0o777 == 0o600


def test_nothing_personal_lies_open(served: Place, asking: Asking) -> None:
    """Names, codes and documents are in no log, and in the database sealed alone."""
    phone = asking.phone()
    name = asking.credential(phone)
    asking.sign(phone.approve(shown(signature(name, digests()))))
    asking.refused(phone.approve(shown(signature(name, digests())), code="11111"))
    octets = b"".join(path.read_bytes() for path in (*served.folder.glob("activation.db*"), served.log))
    for secret in (b"Lovelace", b"85073003328", b"Document 1", phone.kid.encode(), b"40718"):
        assert secret not in octets
    assert name.encode() in octets
    words = set(re.findall(r'"(\w+)": ', served.log.read_text()))
    assert words <= {"event", "level", "timestamp", "code", "detail", "environment", "credentials"}


def test_a_file_of_keys_warns_loudly(served: Place) -> None:
    assert ("KEYS IN A FILE" in served.log.read_text()) is served.keys.startswith("file:")


def test_the_running_process_says_how_it_is(served: Place, asking: Asking) -> None:
    told = asking.client.get("/status").json()
    assert (told["environment"], told["keys"]) == ("sandbox", "reachable")
    done = served.command("audit", "verify", "--kept", told["audit_head"])
    assert (done.returncode, done.stderr) == (0, "")
    other = told["audit_head"].replace(":", ":00", 1)[:-2]
    assert "does not hold the line" in served.command("audit", "verify", "--kept", other).stderr


@pytest.mark.parametrize("served", ["pkcs11"], indirect=True)
def test_the_wrapping_key_never_leaves_its_token(served: Place) -> None:
    """B-54: it only wraps, is not extractable, and no signing key stays in the token."""
    program = f"""
import pkcs11
from pkcs11 import Attribute
token = pkcs11.lib({MODULE!r}).get_token(token_label="ipse")
with token.open(user_pin=open({str(served.folder / "pin")!r}).read().strip()) as session:
    for key in session.get_objects():
        can = [name for name in ("WRAP", "UNWRAP", "ENCRYPT", "DECRYPT", "SIGN", "EXTRACTABLE", "SENSITIVE")
               if key[getattr(Attribute, name)]]
        print(key.label, key.object_class.name, *can)
"""
    environment = os.environ | served.environment
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True, timeout=30
    )
    assert sorted(done.stdout.splitlines()) == [
        "people SECRET_KEY ENCRYPT DECRYPT SENSITIVE",
        "people-wrapping SECRET_KEY WRAP UNWRAP SENSITIVE",
    ]


def test_it_stops_with_who_has_started_it(own: Place) -> None:
    """Its socket goes with it, and so does its work."""
    reading, writing = os.pipe()
    line = [*own.line("serve"), "--lifeline", str(reading)]
    with own.log.open("ab") as log:
        own.process = subprocess.Popen(line, stderr=log, pass_fds=(reading,))
    own.wait()
    os.close(reading)
    os.close(writing)
    assert own.process.wait(15) == 0
    own.process = None
    assert not own.door.exists()
    assert '"event": "stopped"' in own.log.read_text()


# -- the unit


def test_the_unit_gives_it_a_user_of_its_own_and_no_network() -> None:
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[method-assign,assignment]
    unit.read(GUIDES / "ipse-signature-activation.service", encoding="utf-8")
    service = unit["Service"]
    assert service["User"] != "ipse"
    assert (service["PrivateNetwork"], service["RestrictAddressFamilies"]) == ("yes", "AF_UNIX")
    assert (service["RestartPreventExitStatus"], service["LimitCORE"]) == ("78", "0")


def test_the_unit_exposes_little() -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd is not on this machine")
    rated = subprocess.run(
        [analyze, "security", "--offline=true", "--threshold=20", GUIDES / "ipse-signature-activation.service"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert rated.returncode == 0, rated.stdout[-300:] + rated.stderr
