"""A web process in the hands of a thief: without the phone it cannot make one signature (B-51).

It has the socket, every approval that ever passed, every public key, and the scheme's database. What it can do, as any
registration authority: have a new key made for a phone of its own. It is another key, with another certificate.
"""

from __future__ import annotations

import itertools
import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from ipse.kernel.ids import b64u, b64u_decode
from ipse.standards import phone_channel
from ipse.standards.signature_activation import Activated, NewCredential
from tests.functional.signature_activation.phones import Phone, creation, digests, shown, signature

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.functional.signature_activation.conftest import Asking


@dataclass
class Thief:
    """What has passed through the scheme, and what can be made of it."""

    receiving: dict[str, str]
    credential: str
    kid: str
    approvals: list[str] = field(default_factory=list)
    """Signed messages: the scheme opens what is sealed to it."""
    activations: list[str] = field(default_factory=list)
    """Sealed to signature activation; they cannot be opened."""
    octets: list[bytes] = field(default_factory=list)
    """What was shown."""
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def wanted(self) -> bytes:
        """Bytes that ask for the thief's own document."""
        return json.dumps(shown(signature(self.credential, digests()))).encode()

    def messages(self, octets: bytes) -> Iterator[str]:
        """Every message there is: those that passed, with parts of others, and forged ones."""
        yield from self.approvals
        phone = Phone(self.receiving, kid=self.kid, key=self.key)
        forged = phone.approval(octets)
        yield forged
        for passed in self.approvals:
            ours, theirs = forged.split("."), passed.split(".")
            for parts in itertools.product(*zip(ours, theirs, strict=True)):
                yield ".".join(parts)
        body = json.loads(b64u_decode(forged.split(".")[1]))
        for header in ({"alg": "none", "typ": phone_channel.SIGNED_TYPE, "kid": self.kid}, {"alg": "HS256"}):
            yield f"{b64u(json.dumps(header).encode())}.{b64u(json.dumps(body).encode())}.{b64u(bytes(64))}"
        yield f"{forged.rpartition('.')[0]}.{b64u(bytes(64))}"

    def attempts(self) -> Iterator[Activated]:
        """Everything that can be put together."""
        octets = self.wanted()
        for sealed in self.activations:
            yield Activated(b64u(octets), sealed)
        for compact in self.messages(octets):
            for beside in ({"proof": bytes(32)}, {"code_key": bytes(32)}, {"code_key": os.urandom(32)}):
                sealed = phone_channel.seal_activation(self.receiving, compact, **beside)
                for about in (octets, *self.octets):
                    yield Activated(b64u(about), sealed)


def test_without_the_phone_nothing_is_signed(asking: Asking) -> None:
    """B-51: app code and database of the scheme in a thief's hands make not one signature."""
    phone, name = asking.phone(), f"robbed-{os.urandom(4).hex()}"
    thief = Thief(phone.receiving, name, phone.kid)

    def passing(document: dict[str, Any], **how: Any) -> Activated:
        activated = phone.approve(document, **how)
        octets = b64u_decode(activated.shown)
        thief.octets.append(octets)
        thief.approvals.append(phone.approval(octets, **how))  # a login's message, a refused one: all pass the scheme
        thief.activations.append(activated.activation)
        return activated

    new = NewCredential(approval=passing(shown(creation(name))), device_key=phone.public)
    asking.certify(name, asking.create(new)["request"])
    signed = passing(shown(signature(name, digests(2))))
    honest = asking.sign(signed)
    passing(shown(signature(name, digests())), decision="rejected")
    login = json.dumps(shown()).encode()
    thief.approvals.append(phone.approval(login))
    thief.octets.append(login)

    for attempt in thief.attempts():
        status, answer = asking.post("/signatures", attempt)
        assert (status >= 400, "signatures" in answer) == (True, False), answer
    # Neither can the person's credential be made once more, for a phone of the thief's.
    stolen = asking.phone()
    for device_key in (stolen.public, phone.public):
        made = msgspec.structs.replace(stolen.create(name), device_key=device_key)
        assert asking.post("/credentials", made)[0] >= 400
    assert asking.post("/signatures", stolen.approve(shown(signature(name, digests()))))[0] >= 400
    assert asking.sign(signed) == honest
