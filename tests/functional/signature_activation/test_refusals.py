"""Every refusal, reached over the socket by a scheme that has all that a scheme has, and lies (B-50 to B-54)."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec.structs import replace

from ipse.kernel.ids import b64u
from ipse.standards import phone_channel
from ipse.standards.signature_activation import (
    ECDSA_SHA384,
    REFUSALS,
    RSA_SHA256,
    Activated,
    Certified,
    Ending,
    NewCredential,
)
from tests.functional.signature_activation.conftest import Asking
from tests.functional.signature_activation.phones import Phone, creation, digests, shown, signature


@dataclass
class Person:
    """A phone with a certified credential, and the scheme between it and signature activation."""

    asking: Asking
    phone: Phone
    credential: str
    other: str
    """Another credential of the same phone."""

    def document(self, count: int = 3, **members: Any) -> dict[str, Any]:
        return shown(signature(self.credential, digests(count), **members))

    def lie(self, change: Callable[[dict[str, Any]], object]) -> str:
        """What comes of an approval whose shown bytes the scheme has changed on the way."""
        document = self.document()
        activated = self.phone.approve(document)
        change(document)
        return self.asking.refused(replace(activated, shown=b64u(json.dumps(document).encode())))


@pytest.fixture(scope="module")
def person(request: pytest.FixtureRequest, authority: Any, served: Any) -> Iterator[Person]:
    with served.client() as client:
        asking = Asking(client, authority)
        phone = asking.phone()
        yield Person(asking, phone, asking.credential(phone), asking.credential(phone))


def _documents(document: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = document["confirms"][0]["documents"]
    return found


LIES: dict[str, Callable[[dict[str, Any]], object]] = {
    "another digest": lambda shown: _documents(shown)[0].update(digest=b64u(os.urandom(32))),
    "one document more": lambda shown: _documents(shown).append({"label": "x", "digest": b64u(os.urandom(32))}),
    "one document less": lambda shown: _documents(shown).pop(),
    "another order": lambda shown: _documents(shown).reverse(),
    "another label": lambda shown: _documents(shown)[0].update(label="Something else"),
    "another partner": lambda shown: shown["partner"].update(id="bank"),
    "a later end": lambda shown: shown["confirms"][0].update(expires_at=int(time.time()) + 900),
    "another hash": lambda shown: shown["confirms"][0].update(hash_algorithm="SHA-512"),
    "another salt": lambda shown: shown.update(salt=b64u(os.urandom(32))),
    "another request": lambda shown: shown.update(action="another"),
    "another role": lambda shown: shown["confirms"][0].update(role="Director"),
    "a space": lambda shown: shown.update(level="substantial "),
}


@pytest.mark.parametrize("name", LIES)
def test_what_the_scheme_changes_after_the_approval_is_not_signed(person: Person, name: str) -> None:
    """B-50: documents, order, labels, partner, credential, nonce and expiry are bound to the approval."""
    assert person.lie(LIES[name]) == "other_shown"


def test_an_approval_is_for_its_own_credential(person: Person) -> None:
    """B-50: not even for another credential of the same phone, and not for another person's."""
    assert person.lie(lambda shown: shown["confirms"][0].update(credential=person.other)) == "other_shown"
    stranger = person.asking.phone()
    theirs = person.asking.credential(stranger)
    assert person.lie(lambda shown: shown["confirms"][0].update(credential=theirs)) == "wrong_signature"


# -- what a phone says that is no approval to sign


def _login(person: Person) -> Activated:
    """The approval of a login, by the code, and a scheme that seals it again."""
    octets = json.dumps(shown()).encode()
    compact = person.phone.approval(octets)
    return Activated(b64u(octets), person.phone.sealed(compact, person.credential))


def _login_as_signature(person: Person) -> Activated:
    """The same, put beside bytes that ask to sign."""
    asked = json.dumps(person.document()).encode()
    return replace(_login(person), shown=b64u(asked))


def _another_type(person: Person) -> Activated:
    return person.phone.approve(person.document(), type="reveal")


def _by_another_key(person: Person) -> Activated:
    """A scheme with a device key of its own, and the person's code."""
    liar = Phone(person.phone.receiving, kid=person.phone.kid, salts=person.phone.salts)
    return liar.approve(person.document())


def _by_another_phone(person: Person) -> Activated:
    """The right key under another name."""
    renamed = Phone(person.phone.receiving, kid="another", key=person.phone.key, salts=person.phone.salts)
    return renamed.approve(person.document())


def _sealed_to_another(person: Person) -> Activated:
    public = phone_channel.public_jwk(ec.generate_private_key(ec.SECP256R1()).public_key())
    other = Phone({**public, "kid": person.phone.receiving["kid"]}, kid=person.phone.kid, key=person.phone.key)
    return other.approve(person.document())


def _sealed_for_the_scheme(person: Person) -> Activated:
    """The form that the scheme reads, sealed to signature activation."""
    octets = json.dumps(person.document()).encode()
    proofs = {"slot": bytes(32)}
    sealed = phone_channel.seal(person.phone.receiving, person.phone.approval(octets), proofs)
    return Activated(b64u(octets), sealed)


def _of(**members: Any) -> Callable[[Person], Activated]:
    """An honest approval of content that is wrong."""
    return lambda person: person.phone.approve(person.document(**members))


def _said(**members: Any) -> Callable[[Person], Activated]:
    return lambda person: person.phone.approve(person.document(), **members)


def _confirming(*more: dict[str, Any]) -> Callable[[Person], Activated]:
    def approve(person: Person) -> Activated:
        document = person.document()
        document["confirms"].extend(more)
        return person.phone.approve(document)

    return approve


def _twice_named(person: Person) -> Activated:
    """One member twice: two readers would see two requests."""
    text = json.dumps(person.document())
    octets = text.replace('"confirms"', f'"confirms": [{json.dumps(creation("x"))}], "confirms"', 1).encode()
    compact = person.phone.approval(octets)
    return Activated(b64u(octets), person.phone.sealed(compact, person.credential))


def _uncertified(person: Person) -> Activated:
    name = f"bare-{os.urandom(4).hex()}"
    person.asking.create(person.phone.create(name))
    return person.phone.approve(shown(signature(name, digests())))


def _ended(person: Person) -> Activated:
    name = person.asking.credential(person.phone)
    for _ in range(2):
        assert person.asking.post(f"/credentials/{name}/end", Ending("phone_changed")) == (200, {})
    return person.phone.approve(shown(signature(name, digests())))


def _unknown(person: Person) -> Activated:
    return person.phone.approve(shown(signature("nobody", digests())))


def _same_request_again(person: Person) -> Activated:
    """A second approval, by the person's own phone, of a request that has signed."""
    document = person.document()
    person.asking.sign(person.phone.approve(document))
    return person.phone.approve(document)


def _other_code(person: Person) -> Activated:
    name = person.asking.credential(person.phone)
    return person.phone.approve(shown(signature(name, digests())), code="11111")


def _code_key_as_proof(person: Person) -> Activated:
    """The code key itself proves only for the approval that has made the credential."""
    name = person.asking.credential(person.phone)
    octets = json.dumps(shown(signature(name, digests()))).encode()
    compact = person.phone.approval(octets)
    return Activated(b64u(octets), person.phone.sealed(compact, name, new=True))


def _answered_before(person: Person) -> Activated:
    """An approval that has signed, beside bytes that it is not about."""
    activated = person.phone.approve(person.document())
    person.asking.sign(activated)
    return replace(activated, shown=b64u(json.dumps(person.document()).encode()))


SIGNATURES: dict[str, tuple[str, Callable[[Person], Activated]]] = {
    "a login": ("not_a_signature", _login),
    "a login beside other bytes": ("other_shown", _login_as_signature),
    "an answer for other bytes": ("other_shown", _answered_before),
    "another content": ("not_a_signature", lambda person: replace(_login(person), shown=b64u(b'{"confirms": [1]}'))),
    "a fingerprint": ("not_approved", _said(method="fingerprint")),
    "a refusal": ("not_approved", _said(decision="rejected")),
    "another message": ("not_approved", _another_type),
    "another request": ("other_shown", _said(action="another")),
    "another device key": ("wrong_signature", _by_another_key),
    "another phone": ("wrong_signature", _by_another_phone),
    "sealed to another key": ("activation_unreadable", _sealed_to_another),
    "sealed for the scheme": ("activation_unreadable", _sealed_for_the_scheme),
    "no activation": ("activation_unreadable", lambda person: replace(_login(person), activation="x.y.z")),
    "no bytes": ("malformed", lambda person: replace(_login(person), shown="?")),
    "bytes that are no JSON": ("wrong_content", lambda person: replace(_login(person), shown=b64u(b"{"))),
    "no documents": ("wrong_content", lambda person: person.phone.approve(person.document(0))),
    "71 documents": ("wrong_content", lambda person: person.phone.approve(person.document(71))),
    "short digests": ("wrong_content", _of(documents=[{"label": "x", "digest": b64u(bytes(20))}])),
    "digests that are none": ("wrong_content", _of(documents=[{"label": "x", "digest": "?"}])),
    "no name": ("wrong_content", _of(documents=[{"label": "", "digest": b64u(bytes(32))}])),
    "an algorithm of another hash": ("wrong_content", _of(sign_algorithm=ECDSA_SHA384)),
    "an algorithm of another key": ("wrong_content", _of(sign_algorithm=RSA_SHA256)),
    "an unknown algorithm": ("wrong_content", _of(sign_algorithm="1.2.3", hash_algorithm="MD5")),
    "something else beside": ("wrong_content", _confirming({"type": "text", "text": "x"})),
    "two lists": ("wrong_content", _confirming(signature("x", digests()))),
    "a creation of another": ("wrong_content", _confirming(creation("x"))),
    "a member twice": ("wrong_content", _twice_named),
    "too old": ("expired", _of(expires_at=int(time.time()) - 1)),
    "good for too long": ("expired", _of(expires_at=int(time.time()) + 90_000)),
    "no certificate yet": ("not_certified", _uncertified),
    "a destroyed key": ("credential_ended", _ended),
    "an unknown credential": ("unknown_credential", _unknown),
    "the same request again": ("used", _same_request_again),
    "another code": ("wrong_code", _other_code),
    "the code key for a proof": ("wrong_code", _code_key_as_proof),
}


@pytest.mark.parametrize("name", SIGNATURES)
def test_nothing_else_is_signed(person: Person, name: str) -> None:
    """B-50, B-52, B-53, B-54."""
    code, make = SIGNATURES[name]
    assert person.asking.refused(make(person)) == code


def test_every_refusal_is_reached() -> None:
    reached = {code for code, _ in SIGNATURES.values()} | {"keys_unavailable"}  # test_faults has the last one
    assert reached == set(REFUSALS)


# -- credentials


def _fresh() -> str:
    return f"fresh-{os.urandom(6).hex()}"


def _by_another_device(person: Person) -> NewCredential:
    """The scheme names a device key of its own."""
    stranger = ec.generate_private_key(ec.SECP256R1())
    return replace(person.phone.create(_fresh()), device_key=phone_channel.public_jwk(stranger.public_key()))


def _with_another_code_key(person: Person) -> NewCredential:
    """The scheme opens the approval, and seals it again with a code key of its own."""
    name = _fresh()
    octets = json.dumps(shown(creation(name))).encode()
    compact = person.phone.approval(octets)
    sealed = phone_channel.seal_activation(person.phone.receiving, compact, code_key=os.urandom(32))
    return NewCredential(approval=Activated(b64u(octets), sealed), device_key=person.phone.public)


def _without_code_key(person: Person) -> NewCredential:
    name = _fresh()
    octets = json.dumps(shown(creation(name))).encode()
    sealed = person.phone.sealed(person.phone.approval(octets), name)
    return NewCredential(approval=Activated(b64u(octets), sealed), device_key=person.phone.public)


def _shown_as(**members: Any) -> Callable[[Person], NewCredential]:
    return lambda person: NewCredential(
        approval=person.phone.approve(shown(creation(**{"credential": _fresh(), **members}))),
        device_key=person.phone.public,
    )


def _with_serial(number: str) -> Callable[[Person], NewCredential]:
    return lambda person: replace(person.phone.create(_fresh()), serial_number=number)


def _long_ago(person: Person) -> NewCredential:
    document = shown(creation(_fresh()), started={"at": int(time.time()) - 90_000, "how": "qr"})
    return NewCredential(approval=person.phone.approve(document), device_key=person.phone.public)


def _ended_again(person: Person) -> NewCredential:
    """The approval that has made a credential, after its key was destroyed."""
    new = person.phone.create(_fresh())
    name = person.asking.create(new)["credential"]
    person.asking.post(f"/credentials/{name}/end", Ending("deleted"))
    return new


def _for_signing(person: Person) -> NewCredential:
    approval = person.phone.approve(person.document())
    return NewCredential(approval=approval, device_key=person.phone.public)


CREATIONS: dict[str, tuple[str, Callable[[Person], NewCredential]]] = {
    "a name that is taken": ("used", lambda person: person.phone.create(person.credential)),
    "a destroyed key": ("credential_ended", _ended_again),
    "another device key": ("wrong_signature", _by_another_device),
    "another code key": ("wrong_code", _with_another_code_key),
    "no code key": ("wrong_code", _without_code_key),
    "an unknown algorithm": ("wrong_content", _shown_as(algorithm="RSA-512")),
    "no name": ("wrong_content", _shown_as(common_name="")),
    "too long a name": ("wrong_content", _shown_as(common_name="x" * 65)),
    "no country": ("wrong_content", _shown_as(country="Belgium")),
    "no identifier": ("wrong_content", _shown_as(credential="a/b")),
    "the number of somebody else": ("wrong_content", _with_serial("PNOBE-85073003329")),
    "a number of another kind": ("wrong_content", _with_serial("TINBE-85073003328")),
    "a longer number": ("wrong_content", _with_serial("PNOBE-850730033328")),
    "asked long ago": ("expired", _long_ago),
    "a refusal": ("not_approved", lambda person: person.phone.create(_fresh(), decision="rejected")),
    "a fingerprint": ("not_approved", lambda person: person.phone.create(_fresh(), method="fingerprint")),
    "no creation": ("not_a_signature", _for_signing),
}


@pytest.mark.parametrize("name", CREATIONS)
def test_no_other_credential_is_made(person: Person, name: str) -> None:
    """B-50, B-53: a credential is bound to the phone, and to the code, that its own approval names."""
    code, make = CREATIONS[name]
    status, answer = person.asking.post("/credentials", make(person))
    assert status >= 400
    assert answer["code"] == code


def test_a_certificate_is_of_the_key_and_stays_the_only_one(person: Person) -> None:
    phone, asking = person.phone, person.asking
    mine, theirs = (asking.create(phone.create(_fresh())) for _ in range(2))
    address = f"/credentials/{mine['credential']}/certificate"

    def put(certificate: bytes) -> object:
        return asking.post(address, Certified(b64u(certificate)), "PUT")[1].get("code")

    assert put(asking.authority.certify(theirs["request"])) == "wrong_content"
    assert put(b"no certificate") == "malformed"
    certificate = asking.authority.certify(mine["request"])
    assert put(certificate) is None
    assert put(certificate) is None
    assert put(asking.authority.certify(mine["request"])) == "used"
    assert asking.post(address, {"certificate": "?"}, "PUT")[1]["code"] == "malformed"
    assert asking.post("/credentials/nobody/end", Ending("x"))[1]["code"] == "unknown_credential"


def test_what_is_no_message_is_refused(person: Person) -> None:
    client = person.asking.client
    for method, path, body in (
        ("POST", "/signatures", b"{"),
        ("POST", "/signatures", b'{"shown": 1, "activation": 2}'),
        ("POST", "/signatures", b"[" * 100_000),
        ("POST", "/credentials", b" " * 600_000),
        ("GET", "/signatures", b""),
        ("POST", "/credentials/../end", b"{}"),
        ("DELETE", "/key", b""),
    ):
        answer = client.request(method, path, content=body)
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed"), path


# -- once


def test_two_hundred_at_once_get_one_set_of_values(person: Person) -> None:
    """B-52: an approval is used once, however often and however fast it comes."""
    activated = person.phone.approve(person.document(2))
    with ThreadPoolExecutor(16) as many:
        answers = {tuple(values) for values in many.map(lambda _: person.asking.sign(activated), range(200))}
    assert len(answers) == 1


def test_two_approvals_of_one_request_at_once_sign_once(person: Person) -> None:
    """B-52: one request signs once, even where the phone itself approves it twice."""
    document = person.document()
    approvals = [person.phone.approve(document) for _ in range(8)]
    with ThreadPoolExecutor(8) as many:
        answers = list(many.map(lambda each: person.asking.post("/signatures", each)[0], approvals))
    assert sorted(answers) == [200] + [409] * 7


def test_three_wrong_codes_lock_the_credential_for_ever(person: Person) -> None:
    """B-21, B-54: a try counts before it is judged; the same wrong approval again counts no more."""
    phone, asking = person.phone, person.asking
    name = asking.credential(phone)

    def tried(code: str = "") -> Activated:
        return phone.approve(shown(signature(name, digests())), code=code)

    wrong = tried("99999")
    for activated in (wrong, wrong, wrong, wrong, tried("99998")):
        assert asking.refused(activated) == "wrong_code"
    asking.sign(tried())
    with ThreadPoolExecutor(8) as many:
        outcomes = sorted(many.map(lambda number: asking.refused(tried(str(99000 + number))), range(8)))
    assert outcomes == ["credential_ended"] * 5 + ["wrong_code"] * 3
    assert asking.refused(tried()) == "credential_ended"


def test_a_wrong_proof_spoils_its_approval(person: Person) -> None:
    """B-50: who has the approval cannot try one proof after the other."""
    phone, asking = person.phone, person.asking
    name = asking.credential(phone)
    octets = json.dumps(shown(signature(name, digests()))).encode()
    compact = phone.approval(octets)
    for code in ("11111", "22222", "33333", "44444", ""):
        activated = Activated(b64u(octets), phone.sealed(compact, name, code=code))
        assert asking.refused(activated) == "wrong_code"
    asking.sign(phone.approve(shown(signature(name, digests()))))
