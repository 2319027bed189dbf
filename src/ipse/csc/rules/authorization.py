"""What a round of authorization is asked for: refusals go back to the partner, whose redirect URI was proven before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from ipse.csc.errors import InvalidRequest, InvalidScope, UnsupportedResponseType
from ipse.csc.model import Asked, Digest, Scope, Version
from ipse.csc.rules import details
from ipse.csc.rules.account_tokens import read_account
from ipse.csc.rules.algorithms import LENGTHS, hash_name
from ipse.csc.rules.reading import octets
from ipse.csc.rules.texts import LONGEST_DESCRIPTION, check_text, label
from ipse.kernel.ids import b64u
from ipse.standards.oauth import OAuthFormError, check_challenge

QUALIFIERS: Final = {
    "test": ("eu_eidas_aes",),
    "advanced": ("eu_eidas_aes",),
    "qualified": ("eu_eidas_qes", "eu_eidas_aesqc", "eu_eidas_aes"),
}
"""What may be asked for in place of a credential, by what signatures are here."""
_LONGEST_STATE: Final = 4096
_LONGEST_ID: Final = 64
_SHA256: Final = "SHA-256"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The parameters of a request, what its judgement needs, and what was found so far."""

    parameters: Mapping[str, str]
    version: Version
    partner_id: str
    secret: str
    """The partner's; empty where it has none."""
    batch: int
    """How many documents its service may have signed at once."""
    quality: str
    language: str
    now: int
    """Seconds UTC."""
    scope: Scope = Scope.SERVICE
    asked: Asked

    def having(self, **found: object) -> Request:
        """The request, knowing more of what is asked."""
        members = {name: getattr(self.asked, name) for name in Asked.__struct_fields__}
        return replace(self, asked=Asked(**{**members, **found}))


def check_response_type(request: Request) -> Request:
    """The code flow only."""
    if request.parameters.get("response_type") is None:
        raise InvalidRequest("Missing parameter response_type")
    if request.parameters["response_type"] != "code":
        raise UnsupportedResponseType
    return request


def check_state(request: Request) -> Request:
    """Any text of sensible length."""
    state = request.parameters.get("state")
    if state is not None and (len(state) > _LONGEST_STATE or not state.isprintable()):
        raise InvalidRequest("Invalid parameter state")
    return request.having(state=state)


def read_scope(request: Request) -> Request:
    """`service` where nothing is said, `credential` where authorization details say so."""
    if request.version is Version.TWO and "authorization_details" in request.parameters:
        return replace(request, scope=Scope.CREDENTIAL)
    try:
        return replace(request, scope=Scope(request.parameters.get("scope", Scope.SERVICE)))
    except ValueError as error:
        raise InvalidScope from error


def check_pkce(request: Request) -> Request:
    """S256 alone; version 2 cannot do without."""
    asked = request.parameters
    try:
        challenge = check_challenge(asked.get("code_challenge"), asked.get("code_challenge_method"))
    except OAuthFormError as error:
        raise InvalidRequest("Invalid parameter code_challenge", detail=str(error)) from error
    if challenge is None and request.version is Version.TWO:
        raise InvalidRequest("Missing parameter code_challenge")
    return request.having(code_challenge=challenge)


def read_account_token(request: Request) -> Request:
    """Whom the partner sends; version 1 cannot do without."""
    token = request.parameters.get("account_token")
    if token is None:
        if request.version is Version.ONE:
            raise InvalidRequest("Missing parameter account_token")
        return request
    if not request.secret:
        raise InvalidRequest("Invalid parameter account_token", detail="a partner without a secret")
    account = read_account(token, request.secret, partner_id=request.partner_id, now=request.now)
    return request.having(account=account)


def read_credential(request: Request) -> Request:
    """Which credential, or which kind of signature; nothing in a round for the scope `service`."""
    if request.scope is Scope.SERVICE:
        return request
    source: Mapping[str, object] = request.parameters
    if request.version is Version.TWO and "authorization_details" in request.parameters:
        source = details.read(request.parameters["authorization_details"])
        request = request.having(details=True)
    credential, qualifier = source.get("credentialID"), source.get("signatureQualifier")
    if not credential and (not qualifier or request.version is Version.ONE):
        raise InvalidRequest("Missing (or invalid type) string parameter credentialID")
    if credential and (not isinstance(credential, str) or len(credential) > _LONGEST_ID):
        raise InvalidRequest("Invalid parameter credentialID")
    if qualifier and request.version is Version.TWO and qualifier not in QUALIFIERS[request.quality]:
        raise InvalidRequest("Invalid parameter signatureQualifier")
    taken = "" if request.version is Version.ONE else str(qualifier or "")
    return request.having(credential_id=str(credential or ""), qualifier=taken)


def read_digests(request: Request) -> Request:
    """What is to be signed, in order, with its names."""
    if request.scope is Scope.SERVICE:
        return request
    if request.asked.details:
        found = details.read(request.parameters["authorization_details"])
        name, named = details.digests(found)
    else:
        name, named = _listed(request)
    count = len(named)
    if count > request.batch:
        raise InvalidRequest("Numbers of signatures is too high")
    digests = []
    for place, (written, text) in enumerate(named, 1):
        value = octets(written)
        if value is None:
            raise InvalidRequest("Invalid Base64 hash string parameter")
        if len(value) != LENGTHS[name]:
            raise InvalidRequest("Invalid digest value length")
        digests.append(Digest(b64u(value), text or label(request.language, place, count)))
    return request.having(digests=tuple(digests), hash_algorithm=name)


def read_description(request: Request) -> Request:
    """What the phone shows above the documents."""
    version, text = request.version, request.parameters.get("description", "")
    if request.scope is Scope.SERVICE or not text:
        return request
    latin = version is Version.ONE
    checked = check_text("description", text, longest=LONGEST_DESCRIPTION[version], latin=latin)
    return request.having(description=checked)


REQUEST_CHECKS: Final[tuple[Callable[[Request], Request], ...]] = (
    check_state,
    check_response_type,
    read_scope,
    check_pkce,
    read_account_token,
    read_credential,
    read_digests,
    read_description,
)
"""Every check, in order."""


def check_request(request: Request) -> Request:
    """Run `REQUEST_CHECKS`.

    Raises:
        CscError: the first that fails; to be sent to the redirect URI.
    """
    for check in REQUEST_CHECKS:
        try:
            request = check(request)
        except (InvalidRequest, InvalidScope, UnsupportedResponseType) as error:
            error.check = error.check or check.__name__
            raise
    return request


def _listed(request: Request) -> tuple[str, list[tuple[str, str]]]:
    """Hash algorithm and digests as parameters name them."""
    parameters, version = request.parameters, request.version
    list_name = "hash" if version is Version.ONE else "hashes"
    count = _count(parameters.get("numSignatures"), request.batch)
    written = parameters.get(list_name)
    if not written:
        raise InvalidRequest("Missing (or invalid type) array parameter hash")
    named = [(part.strip(), "") for part in written.split(",", request.batch)]
    if len(named) != count:
        raise InvalidRequest("Invalid value for parameter numSignatures", detail="not the number of digests")
    if version is Version.ONE:
        return _SHA256, named
    oid = parameters.get("hashAlgorithmOID")
    if oid is None:
        raise InvalidRequest("Missing (or invalid type) string parameter hashAlgorithmOID")
    return hash_name(oid, "hashAlgorithmOID"), named


def _count(written: str | None, most: int) -> int:
    if written is None or not written.isascii() or not written.lstrip("-").isdigit() or len(written) > 6:
        raise InvalidRequest("Missing (or invalid type) integer parameter numSignatures")
    if int(written) < 1:
        raise InvalidRequest("Invalid value for parameter numSignatures")
    if int(written) > most:
        raise InvalidRequest("Numbers of signatures is too high")
    return int(written)
