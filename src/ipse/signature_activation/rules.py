"""What must hold before anything is made or signed: small pure functions, each with the code it refuses with.

`APPROVED`, `CREATING` and `SIGNING` are the lists. None of them believes a word of the scheme: they compare what the
phone's key has signed with what was shown, and both with the credential as it was made. The code's proof comes last, in
`service`, because a try counts before it is judged.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ipse.kernel.ids import b64u, b64u_decode
from ipse.signature_activation.errors import Refusal
from ipse.signature_activation.model import (
    Document,
    Held,
    Presented,
    ShownCredential,
    ShownSignature,
    State,
)
from ipse.standards import phone_channel, strict_json
from ipse.standards.phone_channel import MessageError, SignatureError, SignedMessage
from ipse.standards.signature_activation import HASH_ALGORITHMS, MOST_DOCUMENTS, SIGN_ALGORITHMS, Activated

MOST_SHOWN: Final = 262_144
_KINDS: Final = {kind for kind, _ in SIGN_ALGORITHMS.values()}
_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MOST_NAME: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An approval whose signature is by the credential's own device key, and what it is judged by."""

    presented: Presented
    message: SignedMessage
    held: Held | None
    """None: the credential is to be made."""
    serial_number: str = ""
    """Of the person, for a request to be made."""
    now: int
    """Seconds."""
    approval_seconds: int
    creation_seconds: int

    @property
    def signature(self) -> ShownSignature:
        """What to sign; asked for after `asks_to_sign`."""
        found = self.presented.document.signature
        if found is None:
            raise Refusal("not_a_signature", "nothing was shown that could be signed")
        return found

    @property
    def creation(self) -> ShownCredential:
        """What to make."""
        found = self.presented.document.creation
        if found is None:
            raise Refusal("not_a_signature", "no credential was shown that could be made")
        return found


# -- reading


def read(activated: Activated, keys: Mapping[str, ec.EllipticCurvePrivateKey]) -> Presented:
    """Open an activation and read what was shown.

    Raises:
        Refusal: `malformed`, `activation_unreadable`, or `not_a_signature`.
    """
    try:
        octets = b64u_decode(activated.shown)
    except ValueError as error:
        raise Refusal("malformed", "shown is not base64url") from error
    try:
        activation = phone_channel.open_activation(activated.activation, keys)
    except MessageError as error:
        raise Refusal("activation_unreadable", str(error)) from error
    return Presented(octets=octets, document=read_shown(octets), activation=activation)


def read_shown(octets: bytes) -> Document:
    """Read what decides of the shown bytes.

    Raises:
        Refusal: `not_a_signature`, or `wrong_content`.
    """
    try:
        members = strict_json.parse_object(octets, max_bytes=MOST_SHOWN)
    except strict_json.JsonError as error:
        raise Refusal("wrong_content", f"what was shown is {error}") from error
    confirms = members.get("confirms")
    if not isinstance(confirms, list) or not any(_type_of(each) in {"credential", "signature"} for each in confirms):
        raise Refusal("not_a_signature", "what was shown asks for no signature and no credential")
    try:
        document = msgspec.convert(members, Document)
    except msgspec.ValidationError as error:
        raise Refusal("wrong_content", f"what was shown cannot be read: {error}") from error
    kinds = [type(content) for content in document.confirms]
    if document.v != 1 or len(set(kinds)) != len(kinds):
        raise Refusal("wrong_content", "one credential, one list of documents, or one of each is shown at once")
    return document


def _type_of(content: Any) -> object:  # noqa: ANN401 - whatever JSON holds
    return content.get("type") if isinstance(content, dict) else None


def verified(presented: Presented, device_key: Mapping[str, Any]) -> SignedMessage:
    """The phone's message, signed by this device key.

    Raises:
        Refusal: `wrong_signature`.
    """
    try:
        key = phone_channel.public_key(device_key)
        return phone_channel.verify(presented.activation.message, key, expected_type="approval")
    except SignatureError as error:
        raise Refusal("wrong_signature", str(error)) from error
    except MessageError as error:
        raise Refusal("not_approved", str(error)) from error


# -- the rules


def is_approved(judged: Judged) -> None:
    """The person approved, with the code: a fingerprint or a refusal signs nothing."""
    members = judged.message.members
    if members.get("decision") != "approved":
        raise Refusal("not_approved", "the message is no approval")
    if members.get("method") != "code":
        raise Refusal("not_approved", "it was not approved with the code")


def is_of_shown(judged: Judged) -> None:
    """The digest that the phone has signed is that of the bytes given (documents, order, labels, partner, expiry)."""
    digest = b64u(hashlib.sha256(judged.presented.octets).digest())
    if not hmac.compare_digest(str(judged.message.members.get("shown")).encode(), digest.encode()):
        raise Refusal("other_shown", "the approval is of other bytes than those given")


def is_of_action(judged: Judged) -> None:
    """The message and the shown bytes name the same request."""
    if judged.message.members.get("action") != judged.presented.document.action or not judged.message.phone:
        raise Refusal("other_shown", "the approval is of another request than the one shown")


def is_of_phone(judged: Judged) -> None:
    """The message names the phone that the credential was made on."""
    if judged.held is not None and judged.message.phone != judged.held.phone:
        raise Refusal("wrong_signature", "the message names another phone")


def asks_for_credential(judged: Judged) -> None:
    """A credential is shown, of a kind that is made here, with names that a certificate can hold."""
    creation = judged.creation
    if creation.algorithm not in _KINDS:
        raise Refusal("wrong_content", "there are no keys of that algorithm")
    if not _IDENTIFIER.fullmatch(creation.credential):
        raise Refusal("wrong_content", "the credential has no identifier of its own")
    if not 0 < len(creation.common_name) <= _MOST_NAME or len(creation.country) not in {0, 2}:
        raise Refusal("wrong_content", "a certificate cannot hold those names")


def fits_serial_number(judged: Judged) -> None:
    """The serial number for the request, known to the scheme alone, is of the form that was shown, masked."""
    whole, shown = judged.serial_number, judged.creation.serial_number
    if whole and (
        len(whole) > _MOST_NAME or len(whole) != len(shown) or whole[:6] != shown[:6] or whole[-2:] != shown[-2:]
    ):
        raise Refusal("wrong_content", "the serial number is not the one that was shown")


def brings_code_key(judged: Judged) -> None:
    """The new code key lies beside the approval, and is the one that the phone has signed."""
    code_key = judged.presented.activation.code_key
    if not code_key:
        raise Refusal("wrong_code", "a new credential needs its code key")
    expected = b64u(hashlib.sha256(code_key).digest())
    if not hmac.compare_digest(str(judged.message.members.get("signing_code_key")).encode(), expected.encode()):
        raise Refusal("wrong_code", "the code key is another than the phone has signed")


def is_recent(judged: Judged) -> None:
    """A credential is made soon after it was asked."""
    if judged.presented.document.started.at + judged.creation_seconds < judged.now:
        raise Refusal("expired", "the credential was asked for too long ago")


def is_made_first(judged: Judged) -> None:
    """Where one approval makes a credential and signs, it signs with that one."""
    creation, signature = judged.presented.document.creation, judged.presented.document.signature
    if creation is not None and signature is not None and creation.credential != signature.credential:
        raise Refusal("wrong_content", "what is signed names another credential than the one to be made")


def asks_to_sign(judged: Judged) -> None:
    """1 to 70 documents are shown, each with a label."""
    documents = judged.signature.documents
    if not 0 < len(documents) <= MOST_DOCUMENTS:
        raise Refusal("wrong_content", f"1 to {MOST_DOCUMENTS} documents are signed at once")
    if not all(document.label for document in documents):
        raise Refusal("wrong_content", "a document has no name")


def fits_algorithm(judged: Judged) -> None:
    """Signature, hash and key are of algorithms that belong together."""
    signature, held = judged.signature, judged.held
    kind, hash_name = SIGN_ALGORITHMS.get(signature.sign_algorithm, ("", ""))
    if not hash_name or hash_name != signature.hash_algorithm:
        raise Refusal("wrong_content", "the algorithm of the signature is not one for that hash")
    if held is not None and kind != held.algorithm:
        raise Refusal("wrong_content", "the algorithm of the signature is not one for that key")


def holds_digests(judged: Judged) -> None:
    """Every digest has the length of its algorithm."""
    _, size = HASH_ALGORITHMS[judged.signature.hash_algorithm]
    for number, document in enumerate(judged.signature.documents, 1):
        try:
            digest = b64u_decode(document.digest)
        except ValueError as error:
            raise Refusal("wrong_content", f"digest {number} is not base64url") from error
        if len(digest) != size:
            raise Refusal("wrong_content", f"digest {number} is not {size} bytes")


def is_in_time(judged: Judged) -> None:
    """The moment until which the approval signs was shown, lies ahead, and not too far."""
    until = judged.signature.expires_at
    if until < judged.now:
        raise Refusal("expired", "the approval is too old")
    if until > judged.now + judged.approval_seconds:
        raise Refusal("expired", "the approval would sign for too long")


def is_living(judged: Judged) -> None:
    """The credential's key exists and is not locked."""
    if judged.held is not None:
        check_living(judged.held)


def is_certified(judged: Judged) -> None:
    """The credential has its certificate."""
    if judged.held is not None and judged.held.state is State.MADE:
        raise Refusal("not_certified", "the credential has no certificate yet")


Rule = Callable[[Judged], None]
APPROVED: Final[tuple[Rule, ...]] = (is_approved, is_of_shown, is_of_action, is_of_phone, is_made_first)
"""All that must hold before anything is answered, even what was answered before."""
CREATING: Final[tuple[Rule, ...]] = (asks_for_credential, fits_serial_number, brings_code_key, is_recent)
"""What must hold besides before a key is made."""
SIGNING: Final[tuple[Rule, ...]] = (
    asks_to_sign,
    fits_algorithm,
    holds_digests,
    is_living,
    is_certified,
    is_in_time,
)
"""What must hold besides before the code's proof is judged."""


# -- the credential, the code, and certificates


def check_living(held: Held) -> None:
    """A credential's key exists and is not locked.

    Raises:
        Refusal: `credential_ended`.
    """
    if held.state in {State.ENDED, State.LOCKED}:
        raise Refusal("credential_ended", f"the credential is {held.state}")


def is_proven(presented: Presented, held: Held) -> bool:
    """Whether the code that the credential was made under was typed for this approval.

    The approval that has made the credential brings the code key itself, and needs no other proof.
    """
    activation = presented.activation
    if activation.code_key:
        made_it = hmac.compare_digest(presented.approval, held.approval)
        return made_it and hmac.compare_digest(activation.code_key, held.code_key)
    expected = phone_channel.code_proof(held.code_key, activation.message.compact)
    return hmac.compare_digest(activation.proof, expected)


def check_certificate(octets: bytes, held: Held) -> None:
    """A certificate is of the credential's own key, and stays the only one.

    Raises:
        Refusal: it is not.
    """
    try:
        public = x509.load_der_x509_certificate(octets).public_key()
        key = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except (ValueError, TypeError) as error:
        raise Refusal("malformed", "certificate is none") from error
    if not hmac.compare_digest(key, held.public_key):
        raise Refusal("wrong_content", "the certificate is of another key")
    if held.certificate and not hmac.compare_digest(held.certificate, hashlib.sha256(octets).digest()):
        raise Refusal("used", "the credential has another certificate")
