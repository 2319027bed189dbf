"""Whether what a partner asks can be signed at all, before anybody is asked."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from ipse.actions.model import Signature, SignatureDocument
from ipse.kernel.ids import b64u_decode
from ipse.signing.errors import WrongSigning
from ipse.signing.model import NewSigning
from ipse.standards.signature_activation import HASH_ALGORITHMS, MOST_DOCUMENTS, SIGN_ALGORITHMS

MOST_LABEL: Final = 255
MOST_DESCRIPTION: Final = 500
MOST_ROLE: Final = 100
_OID: Final = re.compile(r"[0-2](\.(0|[1-9][0-9]{0,38})){1,20}")
_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_FILE_DIGEST_SIZE: Final = 32
_SPACES: Final = "\t\n\r"
_DIRECTIONS: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def check(new: NewSigning) -> None:
    """See that a request asks for something that can be shown and signed.

    Raises:
        WrongSigning: `public` says what is wrong.
    """
    if new.signature is None:
        if not new.create:
            raise WrongSigning(public="the request asks for no signature and no certificate")
        return
    _check_signature(new.signature)


def _check_signature(signature: Signature) -> None:
    if not 1 <= len(signature.documents) <= MOST_DOCUMENTS:
        raise WrongSigning(public=f"one approval signs 1 to {MOST_DOCUMENTS} documents")
    if signature.hash_algorithm not in HASH_ALGORITHMS:
        raise WrongSigning(public=f"the hash algorithm must be one of {', '.join(HASH_ALGORITHMS)}")
    if signature.sign_algorithm not in SIGN_ALGORITHMS:
        raise WrongSigning(public="the signature algorithm is none that is used here")
    if SIGN_ALGORITHMS[signature.sign_algorithm][1] != signature.hash_algorithm:
        raise WrongSigning(public="the signature algorithm does not fit the hash algorithm")
    _check_text("description", signature.description, most=MOST_DESCRIPTION)
    _check_text("role", signature.role, most=MOST_ROLE)
    for name in ("commitment", "policy"):
        value = getattr(signature, name)
        if value and not _OID.fullmatch(value):
            raise WrongSigning(public=f"{name} must be an object identifier")
    if signature.credential and not _IDENTIFIER.fullmatch(signature.credential):
        raise WrongSigning(public="credential is no identifier of a certificate here")
    size = HASH_ALGORITHMS[signature.hash_algorithm][1]
    for document in signature.documents:
        _check_document(document, size)


def _check_document(document: SignatureDocument, size: int) -> None:
    if not document.label.strip():
        raise WrongSigning(public="each document needs a label that people can read")
    _check_text("label", document.label, most=MOST_LABEL)
    _check_digest("digest", document.digest, size)
    if document.file_digest:
        _check_digest("file_digest", document.file_digest, _FILE_DIGEST_SIZE)
    if document.document and (not document.file_digest or not _IDENTIFIER.fullmatch(document.document)):
        raise WrongSigning(public="a document that is held here needs an identifier and file_digest")


def _check_digest(name: str, value: str, size: int) -> None:
    try:
        octets = b64u_decode(value)
    except ValueError as error:
        raise WrongSigning(public=f"{name} must be base64url without padding") from error
    if len(octets) != size:
        raise WrongSigning(public=f"{name} must be of {size} bytes")


def _check_text(name: str, text: str, *, most: int) -> None:
    if len(text) > most:
        raise WrongSigning(public=f"{name} is longer than {most} characters")
    for character in text:
        hidden = unicodedata.category(character) in {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"} and character not in _SPACES
        if hidden or character in _DIRECTIONS:
            raise WrongSigning(public=f"{name} holds a character that cannot be shown")
