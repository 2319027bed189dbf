"""What `signatures/prepareDoc` and `signatures/signDoc` ask: formats, levels, and what they are about."""

from __future__ import annotations

import hashlib
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ipse.csc.errors import InvalidRequest
from ipse.csc.model import Version
from ipse.csc.rules.algorithms import LENGTHS, check_parameters, chosen, hash_name
from ipse.csc.rules.reading import maybe_text, octets, text
from ipse.csc.rules.texts import LONGEST_LABEL, check_text
from ipse.documents.model import Level
from ipse.kernel.ids import b64u
from ipse.standards.signature_activation import HASH_ALGORITHMS, SIGN_ALGORITHMS

LEVELS: Final[Mapping[str, Level]] = {
    "ades-b-b": Level.B_B,
    "ades-b": Level.B_B,
    "ades-b-t": Level.B_T,
    "ades-t": Level.B_T,
    "ades-b-lt": Level.B_LT,
    "ades-lt": Level.B_LT,
    "ades-b-lta": Level.B_LTA,
    "ades-lta": Level.B_LTA,
}
"""`conformance_level`, whatever its capitals: the specification itself writes both Ades and AdES."""
TOLD_LEVELS: Final = ("Ades-B-B", "Ades-B-T", "Ades-B-LT", "Ades-B-LTA")
ENVELOPES: Final[Mapping[str, tuple[str, ...]]] = {
    "P": ("Revision", "Certification"),
    "C": ("Detached",),
    "X": ("Detached",),
}
"""`signed_envelope_property` by `signature_format`; the first where nothing is said."""
HIGHEST: Final[Mapping[tuple[str, bool], Level]] = {
    ("P", True): Level.B_LTA,
    ("X", True): Level.B_LT,
    ("C", True): Level.B_T,
    ("C", False): Level.B_T,
    ("P", False): Level.B_T,
}
"""How far each format goes, for a file (True) and for a digest alone (False)."""
PROPERTIES: Final = ("Reason", "Location")
_MOST: Final = 70


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One thing that is to have a signature: a file, or the digest of one."""

    format: str
    """`P`, `C` or `X`."""
    level: Level
    envelope: str
    document: bytes | None
    digest: bytes
    """Of the file where there is one (SHA-256), else as it was given."""
    hash_algorithm: str
    sign_algorithm: str
    """OID, of the key and the hash together."""
    label: str = ""
    properties: Mapping[str, str]

    @property
    def name(self) -> str:
        """By which the same thing is known again: what it is, and how it is to be signed."""
        kind = "file" if self.document is not None else self.hash_algorithm
        return f"{self.format} {self.envelope} {kind} {b64u(self.digest)}"


def read_sources(members: Mapping[str, Any]) -> tuple[Source, ...]:
    """The files, or the digests.

    Raises:
        InvalidRequest: neither, both, or one that does not fit.
    """
    documents, digests = members.get("documents"), members.get("documentDigests")
    if documents and digests:
        raise InvalidRequest("Both documentDigests and documents parameters passed")
    if not documents and not digests:
        raise InvalidRequest("Empty documentDigests and documents objects")
    name, given = ("documents", documents) if documents else ("documentDigests", digests)
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        kind = "array" if documents else "object"
        raise InvalidRequest(f"Invalid {kind} parameter {name}")
    sources = [_file(each) for each in given] if documents else [one for each in given for one in _digests(each)]
    if len(sources) > _MOST:
        raise InvalidRequest("Numbers of signatures is too high")
    return tuple(sources)


def _file(entry: Mapping[str, Any]) -> Source:
    written = entry.get("document")
    try:
        document = b64decode(written, validate=True) if isinstance(written, str) and written else b""
    except (Base64Error, ValueError):
        document = b""
    if not document:
        raise InvalidRequest("Invalid Base64 documents string parameter")
    return _source(entry, document, hashlib.sha256(document).digest(), "SHA-256")


def _digests(entry: Mapping[str, Any]) -> Sequence[Source]:
    """The entries' hashes; some write one text in place of an array, as the specification's example does."""
    oid, written = entry.get("hashAlgorithmOID"), entry.get("hashes")
    if not isinstance(oid, str):
        raise InvalidRequest("Missing (or invalid type) string parameter hashAlgorithmOID")
    name = hash_name(oid, "hashAlgorithmOID")
    listed = [written] if isinstance(written, str) else written
    if not isinstance(listed, list) or not listed:
        raise InvalidRequest("Invalid object parameter documentDigests")
    sources = []
    for each in listed:
        digest = octets(each) if isinstance(each, str) and len(each) <= 128 else None
        if digest is None:
            raise InvalidRequest("Invalid Base64 hashes string parameter")
        if len(digest) != LENGTHS[name]:
            raise InvalidRequest("Invalid digest value length")
        sources.append(_source(entry, None, digest, name))
    return sources


def _source(entry: Mapping[str, Any], document: bytes | None, digest: bytes, name: str) -> Source:
    form = entry.get("signature_format")
    if not isinstance(form, str):
        raise InvalidRequest("Missing (or invalid type) string parameter signature_format")
    highest = HIGHEST.get((form, document is not None))
    if highest is None:
        raise InvalidRequest("Invalid parameter signature_format")
    level = LEVELS.get(str(entry.get("conformance_level", TOLD_LEVELS[0])).lower())
    if level is None or level.rank > highest.rank:
        raise InvalidRequest("Invalid parameter conformance_level")
    envelope = entry.get("signed_envelope_property", ENVELOPES[form][0])
    if envelope not in ENVELOPES[form]:
        raise InvalidRequest("Invalid parameter signed_envelope_property")
    label = entry.get("label", "")
    if not isinstance(label, str):
        raise InvalidRequest("Missing (or invalid type) string parameter label")
    return Source(
        format=form,
        level=level,
        envelope=envelope,
        document=document,
        digest=digest,
        hash_algorithm=name,
        sign_algorithm=_sign_algorithm(entry, name, is_digest=document is None),
        label=check_text("label", label, longest=LONGEST_LABEL, latin=False),
        properties=_properties(entry.get("signed_props", [])),
    )


def _sign_algorithm(entry: Mapping[str, Any], name: str, *, is_digest: bool) -> str:
    sign = text(entry, "signAlgo")
    check_parameters(sign, maybe_text(entry, "signAlgoParams"))
    if sign in SIGN_ALGORITHMS and SIGN_ALGORITHMS[sign][1] != name:
        if is_digest:
            raise InvalidRequest("String parameter hashAlgorithmOID contradicts with signAlgo parameter")
        raise InvalidRequest("Invalid parameter signAlgo", detail="files are hashed with SHA-256")
    return chosen(sign, HASH_ALGORITHMS[name][0], SIGN_ALGORITHMS, Version.TWO)


def check_key(sources: Sequence[Source], key: str) -> None:
    """The algorithms are those of this kind of key.

    Raises:
        InvalidRequest: one is of another.
    """
    if any(SIGN_ALGORITHMS[source.sign_algorithm][0] != key for source in sources):
        raise InvalidRequest("Invalid parameter signAlgo", detail="of another kind of key")


def _properties(written: object) -> Mapping[str, str]:
    if not isinstance(written, list) or not all(isinstance(each, dict) for each in written):
        raise InvalidRequest("Invalid parameter signed_props")
    found, unknown = {}, []
    for each in written:
        name, value = each.get("attribute_name"), each.get("attribute_value")
        written_text = octets(value) if isinstance(value, str) else None
        if name not in PROPERTIES or written_text is None:
            unknown.append(str(name)[:64])
            continue
        try:
            found[str(name)] = check_text("signed_props", written_text.decode(), longest=LONGEST_LABEL, latin=False)
        except UnicodeDecodeError:
            unknown.append(str(name)[:64])
    if unknown:
        raise InvalidRequest(f"Invalid parameter signed_props ({', '.join(unknown)})")
    return found
