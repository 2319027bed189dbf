"""Detached CAdES over any file (EN 319 122-1), of which only the digest is known here."""

from __future__ import annotations

import msgspec

from ipse.documents.certificates import BY_LENGTH, check, digest_of, is_elliptic, read
from ipse.documents.cms import assembled, signature_value, signed_attributes, stamped
from ipse.documents.errors import DocumentNotSignable
from ipse.documents.evidence import Gathering, Unproven
from ipse.documents.model import Finished, Hash, Level, Missing, Prepared
from ipse.documents.requests import Finish, PrepareCades
from ipse.documents.states import opened, sealed
from ipse.documents.timestamps import stamp
from ipse.documents.worker.asking import Asking


class State(msgspec.Struct, frozen=True, kw_only=True, tag="cades"):
    """Between prepare and finish."""

    attributes: bytes
    certificates: tuple[bytes, ...]
    hash: Hash

    @property
    def to_be_signed(self) -> bytes:
        """Over which the value is."""
        return self.attributes


def prepare(request: PrepareCades, ask: Asking) -> Prepared:  # noqa: ARG001 - every job is given whom it may ask
    """The job: signed attributes, to be signed."""
    statement = request.statement
    if BY_LENGTH.get(len(request.digest)) is not statement.hash:
        raise DocumentNotSignable("the digest is not by the hash of the signature")
    is_elliptic(read(statement.certificates)[0])
    attributes = signed_attributes(statement, request.digest, pades=request.pades)
    return sealed(State(attributes=attributes, certificates=statement.certificates, hash=statement.hash))


def finish(request: Finish, ask: Asking) -> Finished:
    """The job: the CMS, with a time stamp where one is asked for."""
    state = opened(request.state, State)
    check(read(state.certificates)[0], request.signature, state.attributes, state.hash)
    content = assembled(state.attributes, request.signature, state.certificates, state.hash)
    if request.aim.level is Level.B_B:
        return Finished(content=content.dump(), level=Level.B_B)
    gathering = Gathering(request.aim.authorities, ask, request.aim.at)
    try:
        token = stamp(digest_of(signature_value(content), state.hash), ask, gathering)
    except Unproven as error:
        return Finished(content=content.dump(), level=Level.B_B, missing=error.missing)
    content = stamped(content, token.der)
    missing = None if request.aim.level is Level.B_T else Missing.FORMAT
    return Finished(content=content.dump(), level=Level.B_T, missing=missing, signed_at=token.at)
