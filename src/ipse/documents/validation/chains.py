"""Whose certificate it is: the way to an authority that we believe, and whether anybody on it was revoked.

Nothing is asked of the network before a certificate leads to an authority that we believe: a file cannot make this
installation call an address that its maker has chosen.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from itertools import pairwise
from typing import Final

from asn1crypto import core, crl, ocsp, x509
from cryptography.x509 import load_der_x509_certificate
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator import ValidationContext, find_valid_path
from pyhanko_certvalidator.errors import (
    DisallowedAlgorithmError,
    ExpiredError,
    InsufficientRevinfoError,
    InvalidCertificateError,
    NotYetValidError,
    PathBuildingError,
    PathValidationError,
    RevokedError,
    ValidationError,
)
from pyhanko_certvalidator.path import ValidationPath
from pyhanko_certvalidator.policy_decl import (
    CertRevTrustPolicy,
    RevocationCheckingPolicy,
    RevocationCheckingRule,
)

from ipse.documents.model import Ask
from ipse.documents.validation.algorithms import ALLOWED
from ipse.documents.validation.model import Anchors, Quality, Sub, Why
from ipse.kernel.errors import PlatformError
from ipse.standards.sandbox_mark import is_marked

_MOST_POOLED: Final = 64
"""Certificates, answers and lists of each kind that one signature may bring."""
_SHORT_TERM: Final = frozenset({"0.4.0.194121.2.1", "2.5.29.56"})
"""Extensions of certificates that live too briefly to be revoked (EN 319 412-1 §5.2, RFC 9608)."""
_MOST_URLS: Final = 2


class Use(Enum):
    """What a certificate's key was used for."""

    SIGNING = "signing"
    STAMPING = "stamping"


_USAGES: Final = {
    Use.SIGNING: KeyUsageConstraints(key_usage={"non_repudiation"}),
    Use.STAMPING: KeyUsageConstraints(extd_key_usage={"time_stamping"}),
}


@dataclass
class Knowledge:
    """What a file brings along to be judged with."""

    certificates: list[x509.Certificate] = field(default_factory=list)
    ocsps: list[ocsp.OCSPResponse] = field(default_factory=list)
    crls: list[crl.CertificateList] = field(default_factory=list)

    def add(self, other: Knowledge) -> None:
        """Take in what another brings."""
        self.certificates += other.certificates
        self.ocsps += other.ocsps
        self.crls += other.crls

    @property
    def revocation(self) -> bool:
        """Whether it says anything about revocation."""
        return bool(self.ocsps or self.crls)

    def tells_of(self, certificate: x509.Certificate) -> bool:
        """Whether it says anything about the revocation of this certificate; or of who issued it, if it needs none."""
        if not _is_short_term(certificate):
            return self._names(certificate)
        issuers = [each for each in self.certificates if each.subject == certificate.issuer]
        return any(each.subject == each.issuer or self._names(each) for each in issuers)

    def _names(self, certificate: x509.Certificate) -> bool:
        told = (each["cert_id"]["serial_number"].native for response in self.ocsps for each in _answers(response))
        if certificate.serial_number in told:
            return True
        return any(each["tbs_cert_list"]["issuer"].hashable == certificate.issuer.hashable for each in self.crls)


@dataclass(frozen=True)
class Chained:
    """What came of a certificate at a moment."""

    sub: Sub | None
    """None: it holds."""
    why: Why | None = None
    path: tuple[x509.Certificate, ...] = ()
    """From the authority that we believe down to it, as far as found."""
    revoked_at: datetime | None = None


class Chains:
    """Judges certificates against the authorities that an installation believes."""

    def __init__(self, anchors: Anchors, ask: Ask, now: datetime) -> None:
        self._ask = ask
        self._anchors = anchors
        self.now = now
        believed = [_load(der) for der in (*anchors.own, *anchors.further) if _marked(der) is anchors.sandbox]
        self._own = {_load(der).sha256 for der in anchors.own}
        subjects = {each.subject.hashable for each in believed}
        # An authority below another one that we know is no anchor: it can be revoked.
        self._roots = [
            each
            for each in believed
            if each.subject.hashable == each.issuer.hashable or each.issuer.hashable not in subjects
        ]
        self._between = [each for each in believed if each not in self._roots]
        self._fetched: dict[bytes, Knowledge] = {}

    async def check(self, certificate: x509.Certificate, knowledge: Knowledge, moment: datetime, use: Use) -> Chained:
        """Whether it leads to an authority that we believe, may be used like this, and was not revoked then."""
        path, failure = await self._path(certificate, knowledge, moment)
        if path is None:
            return failure or Chained(Sub.NO_CERTIFICATE_CHAIN_FOUND, Why.UNTRUSTED)
        certificates = tuple(path.iter_certs(include_root=True))
        if not self._anchors.sandbox and any(_marked(each.dump()) for each in certificates):
            return Chained(Sub.NO_CERTIFICATE_CHAIN_FOUND, Why.TEST_CERTIFICATE, certificates)
        try:
            _USAGES[use].validate(certificate)
        except (InvalidCertificateError, SignatureValidationError):
            return Chained(Sub.CHAIN_CONSTRAINTS_FAILURE, Why.KEY_USAGE, certificates)
        if failure is not None:
            return failure
        return await self._revocation(certificate, path, knowledge, moment)

    def quality(self, certificate: x509.Certificate, chained: Chained) -> Quality:
        """What a certificate is worth."""
        if any(_marked(each.dump()) for each in (certificate, *chained.path)):
            return Quality.TEST
        claims = _claims_qualified(certificate)
        if chained.path and chained.path[0].sha256 in self._own:
            if self._anchors.quality is Quality.QUALIFIED:
                return Quality.QUALIFIED if claims else Quality.ADVANCED
            return self._anchors.quality
        if claims:
            return Quality.CLAIMED
        return Quality.ADVANCED if chained.path else Quality.UNKNOWN

    async def _path(
        self, certificate: x509.Certificate, knowledge: Knowledge, moment: datetime
    ) -> tuple[ValidationPath | None, Chained | None]:
        """The way to an authority without regard to revocation; with what is wrong with it."""
        if not self._roots:
            return None, self._untrusted(certificate, knowledge)
        context = self._context(knowledge, moment, _NOTHING, Knowledge())
        try:
            return await _find(certificate, context), None
        except (PathBuildingError, InvalidCertificateError) as error:
            if isinstance(error, InvalidCertificateError) and certificate.self_signed == "no":
                return None, Chained(Sub.CHAIN_CONSTRAINTS_FAILURE, Why.CHAIN)
            return None, self._untrusted(certificate, knowledge)
        except PathValidationError as error:
            failure = _meaning(error)
            return error.original_path if failure.sub is Sub.OUT_OF_BOUNDS_NO_POE else None, failure
        except ValidationError:
            return None, Chained(Sub.CERTIFICATE_CHAIN_GENERAL_FAILURE, Why.CHAIN)

    async def _revocation(
        self, certificate: x509.Certificate, path: ValidationPath, knowledge: Knowledge, moment: datetime
    ) -> Chained:
        certificates = tuple(path.iter_certs(include_root=True))
        fresh = await self._fetch(certificates)
        context = self._context(knowledge, moment, _rule(certificate), _usable(certificate, knowledge, fresh, self.now))
        try:
            await _find(certificate, context)
        except PathValidationError as error:
            return replace(_meaning(error), path=certificates)
        except (PathBuildingError, ValidationError):
            return Chained(Sub.CERTIFICATE_CHAIN_GENERAL_FAILURE, Why.CHAIN, certificates)
        return Chained(None, None, certificates)

    def _context(
        self, knowledge: Knowledge, moment: datetime, policy: RevocationCheckingPolicy, revocation: Knowledge
    ) -> ValidationContext:
        return ValidationContext(
            trust_roots=self._roots,
            other_certs=[*self._between, *knowledge.certificates[:_MOST_POOLED]],
            moment=moment,
            ocsps=revocation.ocsps[:_MOST_POOLED],
            crls=revocation.crls[:_MOST_POOLED],
            allow_fetching=False,
            time_tolerance=timedelta(seconds=60),
            revinfo_policy=CertRevTrustPolicy(policy, retroactive_revinfo=moment < self.now),
            algorithm_usage_policy=ALLOWED,
        )

    def _untrusted(self, certificate: x509.Certificate, knowledge: Knowledge) -> Chained:
        everything = (certificate, *knowledge.certificates)
        if not self._anchors.sandbox and any(_marked(each.dump()) for each in everything):
            return Chained(Sub.NO_CERTIFICATE_CHAIN_FOUND, Why.TEST_CERTIFICATE)
        return Chained(Sub.NO_CERTIFICATE_CHAIN_FOUND, Why.UNTRUSTED)

    async def _fetch(self, path: tuple[x509.Certificate, ...]) -> dict[bytes, Knowledge]:
        """What is said now about each certificate of a path that still lives."""
        found: dict[bytes, Knowledge] = {}
        for issuer, certificate in pairwise(path):
            if certificate.not_valid_after < self.now or _is_short_term(certificate):
                continue
            known = self._fetched.get(certificate.sha256)
            if known is None:
                known = self._fetched[certificate.sha256] = await self._asked(certificate, issuer)
            if known.revocation:
                found[certificate.sha256] = known
        return found

    async def _asked(self, certificate: x509.Certificate, issuer: x509.Certificate) -> Knowledge:
        known = Knowledge()
        if certificate.ocsp_urls:
            try:
                response = ocsp.OCSPResponse.load(await self._ask.ocsp(certificate.dump(), issuer.dump()))
            except (PlatformError, ValueError):
                response = None
            if response is not None and _answers(response):
                known.ocsps.append(response)
                return known
        for point in certificate.crl_distribution_points[:_MOST_URLS]:
            if not point.url:
                continue
            try:
                known.crls.append(crl.CertificateList.load(await self._ask.crl(point.url)))
            except (PlatformError, ValueError):
                continue
            break
        return known


_NOTHING: Final = RevocationCheckingPolicy(RevocationCheckingRule.NO_CHECK, RevocationCheckingRule.NO_CHECK)
_REQUIRED: Final = RevocationCheckingPolicy(
    RevocationCheckingRule.CRL_OR_OCSP_REQUIRED, RevocationCheckingRule.CHECK_IF_DECLARED
)
_SHORT: Final = RevocationCheckingPolicy(RevocationCheckingRule.NO_CHECK, RevocationCheckingRule.CHECK_IF_DECLARED)


def common_name(name: x509.Name) -> str:
    """What a person would call the holder."""
    native = name.native
    for key in ("common_name", "pseudonym", "organization_name"):
        value = native.get(key)
        if value:
            return str(value[0] if isinstance(value, list) else value)
    return str(name.human_friendly)


def utc(microseconds: int) -> datetime:
    """A time of ours as the libraries want it."""
    return datetime.fromtimestamp(microseconds / 1_000_000, UTC)


def micros(moment: datetime) -> int:
    """A time of the libraries as we keep it."""
    return int(moment.timestamp() * 1_000_000)


def _meaning(error: PathValidationError) -> Chained:
    """What the library's refusal means for a certificate."""
    path = _certificates(error.original_path)
    if isinstance(error, RevokedError) and not error.is_side_validation:
        if not error.is_ee_cert:
            return Chained(Sub.REVOKED_CA_NO_POE, Why.AUTHORITY_REVOKED, path, error.revocation_dt)
        held = error.reason.native == "certificate_hold"
        sub, why = (Sub.TRY_LATER, Why.SUSPENDED) if held else (Sub.REVOKED_NO_POE, Why.REVOKED)
        return Chained(sub, why, path, error.revocation_dt)
    if isinstance(error, ExpiredError | NotYetValidError) and error.is_ee_cert and not error.is_side_validation:
        why = Why.EXPIRED if isinstance(error, ExpiredError) else Why.NOT_YET_VALID
        return Chained(Sub.OUT_OF_BOUNDS_NO_POE, why, path)
    if isinstance(error, DisallowedAlgorithmError):
        return Chained(Sub.CRYPTO_CONSTRAINTS_FAILURE, Why.WEAK_ALGORITHM, path)
    if isinstance(error, InsufficientRevinfoError | RevokedError):
        return Chained(Sub.TRY_LATER, Why.REVOCATION_UNKNOWN, path)
    return Chained(Sub.CERTIFICATE_CHAIN_GENERAL_FAILURE, Why.CHAIN, path)


async def _find(certificate: x509.Certificate, context: ValidationContext) -> ValidationPath:
    paths = context.path_builder.async_build_paths_lazy(certificate)
    path: ValidationPath = await find_valid_path(certificate, paths, validation_context=context)
    return path


def _load(der: bytes) -> x509.Certificate:
    return x509.Certificate.load(der)


def _marked(der: bytes) -> bool:
    try:
        return is_marked(load_der_x509_certificate(der))
    except ValueError:
        return False


def _certificates(path: ValidationPath | None) -> tuple[x509.Certificate, ...]:
    return tuple(path.iter_certs(include_root=True)) if path is not None else ()


def _extensions(certificate: x509.Certificate) -> dict[str, core.ParsableOctetString]:
    found = certificate["tbs_certificate"]["extensions"]
    return {each["extn_id"].dotted: each["extn_value"] for each in found} if found else {}


def _is_short_term(certificate: x509.Certificate) -> bool:
    return not _SHORT_TERM.isdisjoint(_extensions(certificate))


def _rule(certificate: x509.Certificate) -> RevocationCheckingPolicy:
    return _SHORT if _is_short_term(certificate) else _REQUIRED


def _claims_qualified(certificate: x509.Certificate) -> bool:
    value = _extensions(certificate).get("1.3.6.1.5.5.7.1.3")
    # The statement QcCompliance, 0.4.0.1862.1.1, in DER.
    return value is not None and bytes.fromhex("060604008e460101") in value.contents


def _usable(
    certificate: x509.Certificate, knowledge: Knowledge, fresh: dict[bytes, Knowledge], now: datetime
) -> Knowledge:
    """What is said of revocation: what was asked just now silences what a file brings about the same certificate.

    Of a certificate that has run out, only what was said while it lived counts: afterwards authorities forget.
    """
    usable = Knowledge()
    for known in fresh.values():
        usable.add(known)
    answered = {known["cert_id"]["serial_number"].native for each in usable.ocsps for known in _answers(each)}
    if certificate.sha256 in fresh:
        answered.add(certificate.serial_number)
    last = min(now, certificate.not_valid_after)
    for response in knowledge.ocsps:
        told = _answers(response)
        if not told or any(each["cert_id"]["serial_number"].native in answered for each in told):
            continue
        own = [each for each in told if each["cert_id"]["serial_number"].native == certificate.serial_number]
        if all(each["this_update"].native <= last + timedelta(minutes=1) for each in own):
            usable.ocsps.append(response)
    usable.crls += [each for each in knowledge.crls if each["tbs_cert_list"]["this_update"].native <= last]
    return usable


def _answers(response: ocsp.OCSPResponse) -> Iterable[ocsp.SingleResponse]:
    try:
        if response["response_status"].native != "successful":
            return []
        return list(response.response_data["responses"])
    except (ValueError, TypeError, KeyError):
        return []
