"""Asks for time stamps (RFC 3161), and believes only those that are of our digest and our question."""

from __future__ import annotations

import hmac
from typing import Any, Final

import httpx
from asn1crypto import algos, tsp

from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.ids import Ids
from ipse.signing.errors import SigningUnavailable
from ipse.standards import certification as words
from ipse.standards.signature_activation import HASH_ALGORITHMS
from ipse.standards.timestamps import TimestampAnswer
from ipse.telemetry.calls import calling

_SECONDS: Final = httpx.Timeout(5.0, read=10.0)
_MOST_BYTES: Final = 65_536
_NONCE_BYTES: Final = 16
_SKEW: Final = 300


class TimestampClient:
    """One time-stamping authority, at an address that the operator has set."""

    def __init__(self, url: str, clock: Clock, ids: Ids) -> None:
        self._url, self._clock, self._ids = url, clock, ids
        self._client = httpx.AsyncClient(timeout=_SECONDS, trust_env=False, follow_redirects=False)

    async def timestamp(self, digest: bytes, hash_algorithm: str, nonce: int | None = None) -> bytes:
        """A time stamp of a digest (`SHA-256`, `SHA-384`, `SHA-512`): the token, ContentInfo in DER.

        `nonce` is somebody else's, who will look for it; without one we look for ours.

        Its signature is judged where it is used, with everything else of a document.

        Raises:
            SigningUnavailable: no answer, a refusal, or a time stamp of something else.
        """
        nonce = int.from_bytes(self._ids.octets(_NONCE_BYTES), "big") if nonce is None else nonce
        name = hash_algorithm.replace("-", "").lower()
        if len(digest) != HASH_ALGORITHMS[hash_algorithm][1]:
            raise ValueError("a digest of another length")
        imprint = {"hash_algorithm": algos.DigestAlgorithm({"algorithm": name}), "hashed_message": digest}
        asked = tsp.TimeStampReq(
            {"version": "v1", "message_imprint": tsp.MessageImprint(imprint), "nonce": nonce, "cert_req": True}
        )
        return self._checked(await self._ask(asked.dump()), digest, name, nonce)

    async def close(self) -> None:
        """Let go."""
        await self._client.aclose()

    async def _ask(self, body: bytes) -> bytes:
        headers = {"Content-Type": words.TIMESTAMP_QUERY, "Accept": words.TIMESTAMP_REPLY}
        try:
            with calling("timestamps") as call:
                async with self._client.stream("POST", self._url, content=body, headers=headers) as response:
                    call.answered(response.status_code)
                    octets = bytearray()
                    async for chunk in response.aiter_bytes():
                        octets += chunk
                        if len(octets) > _MOST_BYTES:
                            raise SigningUnavailable("time stamps: too long an answer")
        except httpx.HTTPError as error:
            raise SigningUnavailable(f"time stamps: {type(error).__name__}") from error
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if response.status_code != 200 or kind != words.TIMESTAMP_REPLY:
            raise SigningUnavailable(f"time stamps: status {response.status_code}")
        return bytes(octets)

    def _checked(self, octets: bytes, digest: bytes, name: str, nonce: int) -> bytes:
        try:
            answer = TimestampAnswer.load(octets, strict=True)
            status = answer["status"]["status"].native
            if status not in {"granted", "granted_with_mods"}:
                raise SigningUnavailable(f"time stamps: refused ({status})")
            token = answer["time_stamp_token"]
            content = token["content"]["encap_content_info"]
            kind, info = content["content_type"].native, tsp.TSTInfo.load(content["content"].contents, strict=True)
            fits = kind == "tst_info" and self._fits(info, digest, name, nonce)
            der: bytes = token.dump()
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise SigningUnavailable("time stamps: an answer that cannot be read") from error
        if not fits:
            raise SigningUnavailable("time stamps: an answer to another question")
        return der

    def _fits(self, info: Any, digest: bytes, name: str, nonce: int) -> bool:  # noqa: ANN401 - asn1crypto is not typed
        imprint = info["message_imprint"]
        same = (imprint["hash_algorithm"]["algorithm"].native, info["nonce"].native) == (name, nonce)
        told = info["gen_time"].native.timestamp()
        is_now = abs(told - self._clock.now() / SECOND) <= _SKEW
        return same and is_now and hmac.compare_digest(imprint["hashed_message"].native, digest)
