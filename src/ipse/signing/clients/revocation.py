"""Fetches what says whether a certificate still holds: OCSP answers and lists.

Documents come from strangers and name addresses. Only those are called that stand in certificates of our authorities,
or in certificates that these have issued; in production only at public addresses (`web.outgoing`). What comes back is
signed, and judged where it is used.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID

from ipse.kernel.ids import Ids
from ipse.kernel.settings import Environment
from ipse.signing.errors import SigningUnavailable
from ipse.standards import certification as words
from ipse.web.outgoing import Outgoing, OutgoingError

_SECONDS: Final = 5.0
_MOST_ANSWER: Final = 65_536
_MOST_LIST: Final = 8_000_000
_MOST_LEARNT: Final = 1000
_NONCE_BYTES: Final = 32


class RevocationClient:
    """For one installation; closed at its end."""

    def __init__(
        self,
        authorities: Sequence[x509.Certificate],
        environment: Environment,
        ids: Ids,
        *,
        outgoing: Outgoing | None = None,
    ) -> None:
        self._authorities = tuple(authorities)
        self._ids = ids
        self._outgoing = outgoing or Outgoing(environment, plain=True, peer="revocation")
        self._lists = {url for authority in self._authorities for url in _list_addresses(authority)}

    def learn(self, certificate: bytes) -> None:
        """Believe the addresses in a certificate, if one of our authorities has issued it; else nothing happens."""
        try:
            parsed = x509.load_der_x509_certificate(certificate)
            if len(self._lists) < _MOST_LEARNT and self._issuer(parsed) is not None:
                self._lists.update(_list_addresses(parsed))
        except (ValueError, UnsupportedAlgorithm):
            return

    async def ocsp(self, certificate: bytes, issuer: bytes) -> bytes:
        """The answer about a certificate, OCSPResponse in DER.

        Raises:
            SigningUnavailable: it is of no authority of ours, names no responder, or that does not answer.
        """
        try:
            parsed, above = x509.load_der_x509_certificate(certificate), x509.load_der_x509_certificate(issuer)
            known = self._issuer(parsed)
            urls = list(_responders(parsed))
        except (ValueError, UnsupportedAlgorithm) as error:
            raise SigningUnavailable("revocation: not a certificate") from error
        if known is None or known != above:
            raise SigningUnavailable("revocation: a certificate of another authority")
        if not urls:
            raise SigningUnavailable("revocation: the certificate names no responder")
        self.learn(certificate)
        nonce = x509.OCSPNonce(self._ids.octets(_NONCE_BYTES))
        built = ocsp.OCSPRequestBuilder().add_certificate(parsed, above, hashes.SHA1())  # noqa: S303 - only names
        body = built.add_extension(nonce, critical=False).build().public_bytes(Encoding.DER)
        answer = await self._fetch(urls[0], body, words.OCSP_RESPONSE, _MOST_ANSWER)
        _check_answer(answer)
        return answer

    async def crl(self, url: str, certificate: bytes | None = None) -> bytes:
        """The list at an address, DER. `certificate` is the one that names it, where it is at hand.

        Raises:
            SigningUnavailable: no certificate of ours names the address, or it does not answer.
        """
        if certificate is not None:
            self.learn(certificate)
        if url not in self._lists:
            raise SigningUnavailable("revocation: no certificate of our authorities names this list")
        found = await self._fetch(url, b"", words.LIST_TYPE, _MOST_LIST)
        try:
            x509.load_der_x509_crl(found)
        except (ValueError, UnsupportedAlgorithm) as error:
            raise SigningUnavailable("revocation: not a list") from error
        return found

    async def close(self) -> None:
        """Let go."""
        await self._outgoing.close()

    async def _fetch(self, url: str, body: bytes, media_type: str, most: int) -> bytes:
        method, headers = ("POST", {"Content-Type": words.OCSP_REQUEST}) if body else ("GET", {})
        accepted = (media_type,) if body else ()  # lists come with several types
        try:
            fetched = await self._outgoing.fetch(
                url,
                method=method,
                headers=headers,
                body=body,
                most_bytes=most,
                seconds=_SECONDS,
                accept_types=accepted,
            )
        except OutgoingError as error:
            raise SigningUnavailable(f"revocation: {error.reason}") from error
        if fetched.status != 200:
            raise SigningUnavailable(f"revocation: status {fetched.status}")
        return fetched.body

    def _issuer(self, certificate: x509.Certificate) -> x509.Certificate | None:
        """Which of our authorities has signed it."""
        for authority in self._authorities:
            if certificate.issuer == authority.subject:
                try:
                    certificate.verify_directly_issued_by(authority)
                except (InvalidSignature, ValueError, TypeError):
                    continue
                return authority
        return None


def _check_answer(octets: bytes) -> None:
    try:
        status = ocsp.load_der_ocsp_response(octets).response_status
    except (ValueError, UnsupportedAlgorithm) as error:
        raise SigningUnavailable("revocation: not an answer") from error
    if status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        raise SigningUnavailable(f"revocation: the responder answers {status.name}")


def _responders(certificate: x509.Certificate) -> Iterator[str]:
    try:
        entries = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except x509.ExtensionNotFound:
        return
    for entry in entries:
        place = entry.access_location
        if entry.access_method == AuthorityInformationAccessOID.OCSP and isinstance(
            place, x509.UniformResourceIdentifier
        ):
            yield place.value


def _list_addresses(certificate: x509.Certificate) -> Iterator[str]:
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except x509.ExtensionNotFound:
        return
    for point in points:
        for name in point.full_name or ():
            if isinstance(name, x509.UniformResourceIdentifier):
                yield name.value
