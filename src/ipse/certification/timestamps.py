"""Time stamps (RFC 3161 with RFC 5816, profile of ETSI EN 319 422): a signed word that a digest was there at a time."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from ipse.certification import profiles
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
        return bytes(TimestampAnswer({"status": {"status": "granted"}, "time_stamp_token": token}).dump())

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

    def _token(self, asked: Any, signer: Pair) -> Any:  # noqa: ANN401 - asn1crypto is not typed
        info = {
            "version": "v1",
            "policy": self.policy,
            "message_imprint": asked["message_imprint"],
            "serial_number": int.from_bytes(self.ids.octets(16), "big"),
            "gen_time": moment(self.clock.now()),
            "accuracy": {"seconds": _ACCURACY},
        }
        if asked["nonce"].native is not None:
            info["nonce"] = asked["nonce"].native
        content = tsp.TSTInfo(info).dump()
        own = asn1_x509.Certificate.load(signer.certificate.public_bytes(Encoding.DER))
        attributes = cms.CMSAttributes(
            [
                {"type": "content_type", "values": ["tst_info"]},
                {"type": "message_digest", "values": [hashlib.sha256(content).digest()]},
                {"type": "signing_certificate_v2", "values": [_reference(own)]},
            ]
        )
        certificates = []
        if asked["cert_req"].native:
            issuer = self.by.pair.certificate.public_bytes(Encoding.DER)
            certificates = [own, asn1_x509.Certificate.load(issuer)]
        return _signed(content, attributes, signer, own, certificates)


def _reference(own: Any) -> Any:  # noqa: ANN401 - asn1crypto is not typed
    """ESSCertIDv2 (RFC 5035): which certificate signed, by its SHA-256."""
    issuer = asn1_x509.GeneralNames([asn1_x509.GeneralName("directory_name", own.issuer)])
    named = {"issuer": issuer, "serial_number": own.serial_number}
    digest = hashlib.sha256(own.dump()).digest()
    certificate = tsp.ESSCertIDv2({"cert_hash": digest, "issuer_serial": named})
    return tsp.SigningCertificateV2({"certs": [certificate]})


def _signed(content: bytes, attributes: Any, signer: Pair, own: Any, certificates: list[Any]) -> Any:  # noqa: ANN401
    signature, algorithm = _signature(signer, bytes(attributes.dump()))
    signer_info = {
        "version": "v1",
        "sid": cms.SignerIdentifier(
            "issuer_and_serial_number",
            cms.IssuerAndSerialNumber({"issuer": own.issuer, "serial_number": own.serial_number}),
        ),
        "digest_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}),
        "signed_attrs": attributes,
        "signature_algorithm": algorithm,
        "signature": signature,
    }
    data = {
        "version": "v3",
        "digest_algorithms": [algos.DigestAlgorithm({"algorithm": "sha256"})],
        "encap_content_info": {"content_type": "tst_info", "content": core.ParsableOctetString(content)},
        "signer_infos": [cms.SignerInfo(signer_info)],
    }
    if certificates:
        data["certificates"] = certificates
    return cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(data)})


def _signature(signer: Pair, data: bytes) -> tuple[bytes, Any]:
    key, algorithm = signer.key, hash_of(signer.key)
    if isinstance(key, rsa.RSAPrivateKey):
        named = algos.SignedDigestAlgorithm({"algorithm": "sha256_rsa"})
        return key.sign(data, padding.PKCS1v15(), algorithm), named
    named = algos.SignedDigestAlgorithm({"algorithm": f"{algorithm.name}_ecdsa"})
    return key.sign(data, ec.ECDSA(algorithm)), named


def _refused(failure: str) -> bytes:
    status = {"status": "rejection", "fail_info": {failure}}
    return bytes(TimestampAnswer({"status": status}).dump())
