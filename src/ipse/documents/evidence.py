"""What judging a signature takes: the way from a certificate to a root, and what its authorities say of each step."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ipse.documents.certificates import read
from ipse.documents.errors import NotAnswered
from ipse.documents.model import Evidence, Missing
from ipse.documents.requests import Gather
from ipse.documents.worker.asking import Asking
from ipse.kernel.clock import SECOND
from ipse.standards.web_eid.checks import extension, has_issued
from ipse.standards.web_eid.errors import CertificateRevokedError, OcspError
from ipse.standards.web_eid.ocsp import Answered, address, check

_LONGEST: Final = 6
"""Certificates from a signer to a root."""
_SKEW: Final = timedelta(minutes=2)
"""By which other clocks may go ahead of ours."""
_CLOSE: Final = timedelta(seconds=3)
"""By so much an answer may be older than the time stamp for clocks that differ; it is then asked once more, later."""
_OLDEST: Final = timedelta(days=3)
"""Of what is said of a certificate at all; a signer's must also be younger than the time stamp."""
_NO_REVOCATION: Final = (
    x509.ObjectIdentifier("2.5.29.56"),  # noRevAvail, RFC 9608
    x509.ObjectIdentifier("0.4.0.194121.2.1"),  # validity-assured short term, EN 319 412-1
)


class Unproven(Exception):
    """What a level needs cannot be had."""

    def __init__(self, missing: Missing) -> None:
        super().__init__(missing)
        self.missing = missing


class Gathering:
    """Collects for one file; the same question is asked once."""

    def __init__(self, authorities: Iterable[bytes], asking: Asking, at: int) -> None:
        self._known = list(read(authorities))
        self._roots = {one for one in self._known if one.issuer == one.subject}
        self._asking = asking
        self._now = datetime.fromtimestamp(at // SECOND, UTC)
        self._done: set[tuple[x509.Certificate, datetime | None]] = set()
        self._certificates: dict[bytes, None] = {}
        self._ocsps: dict[bytes, None] = {}
        self._crls: dict[bytes, None] = {}

    def evidence(self) -> Evidence:
        """What has been collected so far."""
        return Evidence(certificates=tuple(self._certificates), ocsps=tuple(self._ocsps), crls=tuple(self._crls))

    def chain(self, certificates: Sequence[bytes]) -> list[x509.Certificate]:
        """From the first certificate to a root that we trust.

        Raises:
            Unproven: there is no way to one.
        """
        carried = read(certificates)
        chain = [carried[0]]
        while chain[-1] not in self._roots:
            issuer = next((one for one in (*self._known, *carried) if has_issued(one, chain[-1])), None)
            if issuer is None or len(chain) == _LONGEST:
                raise Unproven(Missing.CHAIN)
            chain.append(issuer)
        return chain

    def collect(self, certificates: Sequence[bytes], since: int | None) -> None:
        """Collect everything about a signer. What is said of it must not be older than `since`, its time stamp.

        Raises:
            Unproven: something cannot be had, or not yet.
        """
        chain = self.chain(certificates)
        for number, certificate in enumerate(chain):
            self._certificates.setdefault(_der(certificate))
            if certificate in self._roots:
                return
            after = datetime.fromtimestamp(since // SECOND, UTC) if since is not None and number == 0 else None
            self._ask(certificate, chain[number + 1], after)

    def _ask(self, certificate: x509.Certificate, issuer: x509.Certificate, after: datetime | None) -> None:
        """Have it said that a certificate holds: by OCSP, else by a CRL; certificates of a few minutes need neither."""
        if (certificate, after) in self._done or _is_short(certificate):
            return
        why = Missing.REVOCATION
        for way in (self._by_ocsp, self._by_crl):
            try:
                way(certificate, issuer, after)
            except Unproven as error:
                if error.missing is Missing.REVOKED:
                    raise
                why = error.missing if why is Missing.REVOCATION else why
            except (NotAnswered, ValueError):
                continue
            else:
                self._done.add((certificate, after))
                return
        raise Unproven(why)

    def _by_ocsp(self, certificate: x509.Certificate, issuer: x509.Certificate, after: datetime | None) -> None:
        if address(certificate) is None:
            raise Unproven(Missing.REVOCATION)
        answered = self._answered(certificate, issuer)
        if after is not None and timedelta(0) < after - answered.single.this_update_utc <= _CLOSE:
            time.sleep((after - answered.single.this_update_utc).total_seconds() + 0.1)
            answered = self._answered(certificate, issuer)
        if after is not None and answered.single.this_update_utc < after:
            raise Unproven(Missing.REVOCATION_OLD)
        responder = answered.responder
        if responder != issuer:
            self._certificates.setdefault(_der(responder))
            if extension(responder, x509.OCSPNoCheck) is None and not _is_short(responder):
                self._by_crl(responder, issuer, None)
        self._ocsps.setdefault(answered.octets)

    def _answered(self, certificate: x509.Certificate, issuer: x509.Certificate) -> Answered:
        """An answer that says that the certificate holds."""
        answer = self._asking.ocsp(_der(certificate), _der(issuer))
        answered = Answered(answer, certificate, issuer, None, self._now, _OLDEST)
        try:
            check(answered)
        except CertificateRevokedError as error:
            raise Unproven(Missing.REVOKED) from error
        except OcspError as error:
            raise Unproven(Missing.REVOCATION) from error
        return answered

    def _by_crl(self, certificate: x509.Certificate, issuer: x509.Certificate, after: datetime | None) -> None:
        why = Missing.REVOCATION
        for url in _distribution_points(certificate):
            with suppress(NotAnswered, ValueError):
                answer = self._asking.crl(url)
                listed = x509.load_der_x509_crl(answer)
                if listed.issuer != issuer.subject or not listed.is_signature_valid(issuer.public_key()):  # type: ignore[arg-type]
                    continue
                try:
                    self._in_time(listed.last_update_utc, listed.next_update_utc, after)
                except Unproven as error:
                    why = error.missing
                    continue
                if listed.get_revoked_certificate_by_serial_number(certificate.serial_number) is not None:
                    raise Unproven(Missing.REVOKED)
                self._crls.setdefault(answer)
                return
        raise Unproven(why)

    def _in_time(self, made: datetime, until: datetime | None, after: datetime | None) -> None:
        if made > self._now + _SKEW or (until is not None and until < self._now - _SKEW):
            raise Unproven(Missing.REVOCATION)
        if after is not None and made < after:
            raise Unproven(Missing.REVOCATION_OLD)


def gather(request: Gather, ask: Asking) -> Evidence:
    """The job: everything about a signer that can be had at this moment, nothing where that is not enough."""
    gathering = Gathering(request.aim.authorities, ask, request.aim.at)
    try:
        gathering.collect(request.certificates, None)
    except Unproven:
        return Evidence()
    return gathering.evidence()


def _is_short(certificate: x509.Certificate) -> bool:
    return any(extension.oid in _NO_REVOCATION for extension in certificate.extensions)


def _distribution_points(certificate: x509.Certificate) -> list[str]:
    points = extension(certificate, x509.CRLDistributionPoints) or ()
    names = (str(name.value) for point in points for name in point.full_name or ())
    return [name for name in names if name.startswith("http")]


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)
