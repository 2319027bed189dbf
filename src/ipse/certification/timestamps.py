"""Time stamps (RFC 3161 with RFC 5816, profile of ETSI EN 319 422): a signed word that a digest was there at a time."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from asn1crypto import tsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from ipse.certification import der, profiles
from ipse.certification.errors import KeysUnavailableError
from ipse.certification.keys import hash_of
from ipse.certification.profiles import Issuing, Pair, moment
from ipse.kernel.clock import Clock
from ipse.kernel.ids import Ids
from ipse.standards.timestamps import TimestampAnswer

MOST_BYTES: Final = 4096
"""Of a question."""
_LENGTHS: Final = {"sha256": 32, "sha384": 48, "sha512": 64}
_ACCURACY: Final = 1
_MOST_NONCE: Final = 32
_SERIAL_BYTES: Final = 16
_GRANTED: Final = 0
_DIRECTORY_NAME: Final = 0xA4
_SIGNED_DATA: Final = "1.2.840.113549.1.7.2"
_TST_INFO: Final = "1.2.840.113549.1.9.16.1.4"
_CONTENT_TYPE: Final = "1.2.840.113549.1.9.3"
_MESSAGE_DIGEST: Final = "1.2.840.113549.1.9.4"
_SIGNING_CERTIFICATE: Final = "1.2.840.113549.1.9.16.2.47"
_HASH_OIDS: Final = {"sha256": "2.16.840.1.101.3.4.2.1", "sha384": "2.16.840.1.101.3.4.2.2"}
_RSA: Final = "1.2.840.113549.1.1.11"
_ECDSA: Final = {"sha256": "1.2.840.10045.4.3.2", "sha384": "1.2.840.10045.4.3.3"}


class _NoStampError(Exception):
    """A question that gets no time stamp: RFC 3161 §2.4.2 names why."""

    def __init__(self, failure: str) -> None:
        super().__init__(failure)
        self.failure = failure


@dataclass(frozen=True)
class TimeStamps:
    """Signs time stamps."""

    by: Issuing
    signer: Callable[[], Awaitable[Pair]]
    clock: Clock
    ids: Ids
    clock_is_right: Callable[[], bool] = lambda: True

    @property
    def policy(self) -> str:
        """The one policy that it stamps by."""
        settings = self.by.settings
        return profiles.SANDBOX_TIMESTAMP if settings.is_sandbox else settings.timestamp_policy

    async def answer(self, octets: bytes) -> bytes:
        """TimeStampResp, DER; a refusal is an answer as well."""
        try:
            asked = self._asked(octets)
            self._check_clock()
            signer = await self.signer()
            token = await asyncio.to_thread(self._token, asked, signer)
        except _NoStampError as refused:
            return _refused(refused.failure)
        except KeysUnavailableError:
            return _refused("system_failure")
        return der.sequence(der.sequence(der.integer(_GRANTED)), token)

    def _asked(self, octets: bytes) -> Any:  # noqa: ANN401 - asn1crypto is not typed
        try:
            asked = tsp.TimeStampReq.load(octets, strict=True)
            imprint = asked["message_imprint"]
            name, digest = imprint["hash_algorithm"]["algorithm"].native, imprint["hashed_message"].native
            version, policy, nonce = asked["version"].native, asked["req_policy"].native, asked["nonce"].native
            has_extensions = bool(asked["extensions"].native)
        except (ValueError, TypeError, KeyError, OverflowError) as error:
            raise _NoStampError("bad_data_format") from error
        if version != "v1":
            raise _NoStampError("bad_request")
        if name not in _LENGTHS:
            raise _NoStampError("bad_alg")
        if len(digest) != _LENGTHS[name] or (nonce is not None and nonce.bit_length() > _MOST_NONCE * 8):
            raise _NoStampError("bad_data_format")
        if policy is not None and policy != self.policy:
            raise _NoStampError("unaccepted_policy")
        if has_extensions:
            raise _NoStampError("unaccepted_extensions")
        return asked

    def _check_clock(self) -> None:
        if not self.clock_is_right():
            raise _NoStampError("time_not_available")

    def _token(self, asked: Any, signer: Pair) -> bytes:  # noqa: ANN401 - asn1crypto is not typed
        nonce = asked["nonce"].native
        content = der.sequence(
            der.integer(1),
            der.oid(self.policy),
            asked["message_imprint"].dump(force=True),
            der.integer(int.from_bytes(self.ids.octets(_SERIAL_BYTES), "big")),
            der.wrap(der.TIME, f"{moment(self.clock.now()):%Y%m%d%H%M%SZ}".encode()),
            der.sequence(der.integer(_ACCURACY)),
            b"" if nonce is None else der.integer(nonce),
        )
        certificates = [signer.certificate, self.by.pair.certificate] if asked["cert_req"].native else []
        return _signed(content, signer, [each.public_bytes(Encoding.DER) for each in certificates])


def _signed(content: bytes, signer: Pair, certificates: list[bytes]) -> bytes:
    """A TSTInfo as the content of CMS (RFC 5652 §5), signed with its attributes."""
    algorithm = hash_of(signer.key)
    hashed = der.sequence(der.oid(_HASH_OIDS[algorithm.name]), der.NULL)
    own = signer.certificate
    named = der.integer(own.serial_number)
    attributes = (
        der.sequence(der.oid(_CONTENT_TYPE), der.wrap(der.SET, der.oid(_TST_INFO))),
        der.sequence(
            der.oid(_MESSAGE_DIGEST),
            der.wrap(der.SET, der.wrap(der.OCTETS, hashlib.new(algorithm.name, content).digest())),
        ),
        der.sequence(der.oid(_SIGNING_CERTIFICATE), der.wrap(der.SET, _reference(own, named))),
    )
    signature, signed_by = _signature(signer, der.set_of(der.SET, *attributes))
    signer_info = der.sequence(
        der.integer(1),
        der.sequence(own.issuer.public_bytes(), named),
        hashed,
        der.set_of(der.FIRST, *attributes),
        signed_by,
        der.wrap(der.OCTETS, signature),
    )
    data = der.sequence(
        der.integer(3),
        der.wrap(der.SET, hashed),
        der.sequence(der.oid(_TST_INFO), der.wrap(der.FIRST, der.wrap(der.OCTETS, content))),
        der.set_of(der.FIRST, *certificates) if certificates else b"",
        der.wrap(der.SET, signer_info),
    )
    return der.sequence(der.oid(_SIGNED_DATA), der.wrap(der.FIRST, data))


def _reference(own: x509.Certificate, serial: bytes) -> bytes:
    """SigningCertificateV2 (RFC 5035): which certificate signed, by its SHA-256."""
    issuer = der.sequence(der.wrap(_DIRECTORY_NAME, own.issuer.public_bytes()))
    digest = der.wrap(der.OCTETS, own.fingerprint(hashes.SHA256()))
    return der.sequence(der.sequence(der.sequence(digest, der.sequence(issuer, serial))))


def _signature(signer: Pair, data: bytes) -> tuple[bytes, bytes]:
    """A signature and its algorithm."""
    key, algorithm = signer.key, hash_of(signer.key)
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), algorithm), der.sequence(der.oid(_RSA), der.NULL)
    return key.sign(data, ec.ECDSA(algorithm)), der.sequence(der.oid(_ECDSA[algorithm.name]))


def _refused(failure: str) -> bytes:
    status = {"status": "rejection", "fail_info": {failure}}
    return bytes(TimestampAnswer({"status": status}).dump())
