"""The files of a Belgian eID card, and what proves that they are the National Register's and this card's.

A program beside the reader hands over what the card holds (`CardFiles`, in JSON). `read` takes the files apart;
`register` checks the register's signatures, the photo and the card's own key. Reading these files proves nothing about
presence: anybody could have copied them. They count only beside a signature that the card has just made with the
person's PIN (`standards.web_eid`), by a certificate that holds the same national number.

What the reader's program answers to `GET /card?challenge=…`, where the challenge is 48 bytes as base64url:

    {"identity": "…", "identity_signature": "…", "address": "…", "address_signature": "…", "photo": "…",
     "rrn_certificate": "…", "basic_key": "…", "challenge_signature": "…"}

Each is base64 (RFC 4648 §4) of one file as the card gives it, zero bytes at its end and all: EF 4031, 4032, 4033, 4034,
4035, and 503C. `basic_key` is EF 4040 (the SubjectPublicKeyInfo of the basic key, DER), `challenge_signature` what
INTERNAL AUTHENTICATE with key 81 answers to the challenge (r and s, 48 bytes each); both are absent for cards that have
no such key (applet 1.7), and without a challenge. Other members are ignored. On failure: status 409 or 503 and
`{"error": "no_card" | "no_reader" | "unknown_card" | "reader_failed"}`. It answers only the origins it was told to.
"""

from ipse.standards.eid_card.errors import (
    AddressSignatureError,
    AnotherPersonError,
    CardError,
    CardFilesError,
    CopiedCardError,
    IdentitySignatureError,
    PhotoError,
    RegisterCertificateError,
    TlvError,
    WeakSignatureError,
)
from ipse.standards.eid_card.files import CHALLENGE_BYTES, CardFiles, challenge_for, read_files
from ipse.standards.eid_card.identity import CardAddress, CardIdentity, SpecialStatus, read_address, read_identity

__all__ = [
    "CHALLENGE_BYTES",
    "AddressSignatureError",
    "AnotherPersonError",
    "CardAddress",
    "CardError",
    "CardFiles",
    "CardFilesError",
    "CardIdentity",
    "CopiedCardError",
    "IdentitySignatureError",
    "PhotoError",
    "RegisterCertificateError",
    "SpecialStatus",
    "TlvError",
    "WeakSignatureError",
    "challenge_for",
    "read_address",
    "read_files",
    "read_identity",
]
