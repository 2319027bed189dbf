"""Prepares, finishes and raises signatures of containers."""

from __future__ import annotations

import mimetypes
import re
from dataclasses import dataclass, replace
from typing import Final

import msgspec
from lxml import etree

from ipse.documents.asic import xades
from ipse.documents.asic.container import SIGNATURES, added, written
from ipse.documents.certificates import check, digest_of, is_elliptic, read
from ipse.documents.errors import DocumentNotSignable, DocumentUnreadable
from ipse.documents.evidence import Gathering, Unproven
from ipse.documents.model import Aim, Finished, Hash, Level, Missing, Prepared
from ipse.documents.requests import Finish, PrepareAsic, Upgrade
from ipse.documents.states import opened, sealed
from ipse.documents.timestamps import opened as opened_stamp
from ipse.documents.timestamps import stamp
from ipse.documents.validation.container import Container, Unpackable, open_container
from ipse.documents.worker.asking import Asking

_NUMBERED: Final = re.compile(r"META-INF/signatures(\d{1,4})\.xml")
_MANY: Final = 100
"""Signatures of one container."""
_FAULTS: Final = (etree.XMLSyntaxError, ValueError, TypeError, KeyError)
_TYPES: Final = mimetypes.MimeTypes(filenames=())


class State(msgspec.Struct, frozen=True, kw_only=True, tag="asic"):
    """Between prepare and finish."""

    container: bytes
    name: str
    """Of the signature's file."""
    signature: bytes
    """That file, but for the value."""
    to_be_signed: bytes
    certificates: tuple[bytes, ...]
    hash: Hash
    at: int


@dataclass(frozen=True)
class _Signed:
    """A signature on its way."""

    root: xades.Element
    hash: Hash
    level: Level
    signed_at: int | None = None


def prepare(request: PrepareAsic, ask: Asking) -> Prepared:  # noqa: ARG001 - every job is given whom it may ask
    """The job: a container with everything but the signature.

    Raises:
        DocumentUnreadable: the container that should be signed again is none.
        DocumentNotSignable: names that no container can hold, or too many signatures.
    """
    statement = request.statement
    is_elliptic(read(statement.certificates)[0])
    at = statement.claimed_at
    container = request.container or written(request.files, at)
    held = _opened(container)
    types = {file.name: file.media_type for file in request.files} or _types(held)
    number = _next_number(held)
    files = [
        xades.Covered(name, types.get(name) or _guess(name), digest_of(content, statement.hash))
        for name, content in held.files.items()
    ]
    try:
        root = xades.built(files, statement, number)
    except ValueError as error:
        raise DocumentNotSignable("text that XML cannot hold") from error
    return sealed(
        State(
            container=container,
            name=SIGNATURES.format(number),
            signature=xades.serialised(root),
            to_be_signed=xades.signed_information(root),
            certificates=statement.certificates,
            hash=statement.hash,
            at=at,
        )
    )


def finish(request: Finish, ask: Asking) -> Finished:
    """The job: the value, and as much more as the aim asks and can be had.

    Raises:
        SignatureUnfit: the value is not by the certificate's key over what was prepared.
    """
    state = opened(request.state, State)
    check(read(state.certificates)[0], request.signature, state.to_be_signed, state.hash)
    root = xades.loaded(state.signature)
    xades.set_value(root, request.signature, state.certificates[0])
    signed, missing = _raised(_Signed(root, state.hash, Level.B_B), state.certificates, request.aim, ask)
    return _finished(state.container, state.name, signed, missing, state.at)


def upgrade(request: Upgrade, ask: Asking) -> Finished:
    """The job: bring the last signature of a container further.

    Raises:
        DocumentUnreadable: it is no container.
        DocumentNotSignable: it holds no signature of ours.
    """
    held = _opened(request.content)
    numbers = [int(match[1]) for match in map(_NUMBERED.fullmatch, held.signatures) if match]
    if not numbers:
        raise DocumentNotSignable("there is no signature")
    name = SIGNATURES.format(max(numbers))
    try:
        root = xades.loaded(held.signatures[name])
        if len(root.findall(f".//{{{xades.DS}}}Signature")) != 1:
            raise DocumentNotSignable("not one signature")
        certificates, token = xades.certificates_of(root), xades.stamp_of(root)
        at = opened_stamp(token).at if token else None
    except _FAULTS as error:
        raise DocumentUnreadable("the signature cannot be read") from error
    level = Level.B_B if token is None else Level.B_LT if xades.has_evidence(root) else Level.B_T
    before = _Signed(root, Hash.SHA_256, level, at)
    signed, missing = _raised(before, certificates, request.aim, ask)
    if signed.level is before.level:
        return Finished(content=request.content, level=level, missing=missing, signed_at=at)
    return _finished(request.content, name, signed, missing, request.aim.at)


def _raised(signed: _Signed, certificates: tuple[bytes, ...], aim: Aim, ask: Asking) -> tuple[_Signed, Missing | None]:
    """Take the steps that are still missing, until one cannot be taken."""
    gathering = Gathering(aim.authorities, ask, aim.at)
    try:
        if signed.level is Level.B_B and aim.level is not Level.B_B:
            token = stamp(digest_of(xades.stamped_content(signed.root), signed.hash), ask, gathering)
            xades.add_stamp(signed.root, token.der)
            signed = replace(signed, level=Level.B_T, signed_at=token.at)
        if signed.level is Level.B_T and aim.level.rank > Level.B_T.rank:
            token = opened_stamp(xades.stamp_of(signed.root) or b"")
            gathering.collect(certificates, token.at)
            gathering.collect(token.certificates, token.at)
            xades.add_evidence(signed.root, gathering.evidence())
            signed = replace(signed, level=Level.B_LT)
    except Unproven as error:
        return signed, error.missing
    return signed, Missing.FORMAT if aim.level is Level.B_LTA else None


def _finished(container: bytes, name: str, signed: _Signed, missing: Missing | None, at: int) -> Finished:
    content = added(container, name, xades.serialised(signed.root), at)
    return Finished(content=content, level=signed.level, missing=missing, signed_at=signed.signed_at)


def _opened(container: bytes) -> Container:
    try:
        held = open_container(container)
    except Unpackable as error:
        raise DocumentUnreadable(f"no container: {error.why}") from error
    if not held.files:
        raise DocumentNotSignable("nothing to sign")
    return held


def _next_number(held: Container) -> int:
    numbers = [int(match[1]) for match in map(_NUMBERED.fullmatch, held.signatures) if match]
    if len(held.signatures) >= _MANY:
        raise DocumentNotSignable("too many signatures")
    return max(numbers, default=-1) + 1


def _types(held: Container) -> dict[str, str]:
    """The media types that a container's manifest says."""
    space = "{urn:oasis:names:tc:opendocument:xmlns:manifest:1.0}"
    try:
        root = xades.loaded(held.manifest or b"<none/>")
    except etree.XMLSyntaxError:
        return {}
    return {
        str(entry.get(f"{space}full-path")): str(entry.get(f"{space}media-type"))
        for entry in root.iter(f"{space}file-entry")
    }


def _guess(name: str) -> str:
    return _TYPES.guess_type(name)[0] or "application/octet-stream"
