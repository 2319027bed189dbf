"""Asks signature activation over its Unix socket."""

from __future__ import annotations

import re
from typing import Final, TypeVar

import httpx
import msgspec

from ipse.kernel.ids import b64u
from ipse.kernel.settings import SettingsError
from ipse.signing.errors import ActivationRefused, SigningUnavailable
from ipse.standards.signature_activation import (
    REFUSALS,
    Activated,
    ActivationKey,
    Certified,
    Ending,
    MadeCredential,
    NewCredential,
    Refused,
    Signed,
)
from ipse.telemetry.calls import calling
from ipse.telemetry.spans import traceparent

T = TypeVar("T")
_SCHEME: Final = "unix:"
_SECONDS: Final = httpx.Timeout(5.0, read=60.0)
"""A security module may take long to make an RSA key, and others may be waiting for theirs."""
_MOST_BYTES: Final = 131_072
_MOST_CONNECTIONS: Final = 16
_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_UNAVAILABLE: Final = "keys_unavailable"


class ActivationClient:
    """The scheme's end of the socket; `address` is `unix:/path/socket`."""

    def __init__(self, address: str) -> None:
        if not address.startswith(_SCHEME + "/"):
            raise SettingsError(f"signing.activation is {address!r}; it must be unix:/path/socket")
        self._client = httpx.AsyncClient(
            transport=httpx.AsyncHTTPTransport(
                uds=address.removeprefix(_SCHEME), limits=httpx.Limits(max_connections=_MOST_CONNECTIONS)
            ),
            base_url="http://signature-activation",
            timeout=_SECONDS,
            trust_env=False,
        )

    async def key(self) -> ActivationKey:
        """The key that phones seal to.

        Raises:
            SigningUnavailable: signature activation cannot be reached.
        """
        return _read(await self._ask("GET", "/key"), ActivationKey)

    async def create(self, new: NewCredential) -> MadeCredential:
        """Make the key that an approval asks for; the same approval again gives the same answer.

        Raises:
            SigningUnavailable: as `key`.
            ActivationRefused: it says no.
        """
        return _read(await self._ask("POST", "/credentials", new), MadeCredential)

    async def certify(self, credential: str, certificate: bytes) -> None:
        """Hand over the certificate of a credential (DER). Raises as `create`."""
        await self._ask("PUT", f"/credentials/{_named(credential)}/certificate", Certified(b64u(certificate)))

    async def sign(self, activated: Activated) -> Signed:
        """Sign what an approval says; the same approval again gives the same values. Raises as `create`."""
        return _read(await self._ask("POST", "/signatures", activated), Signed)

    async def end(self, credential: str, reason: str) -> None:
        """Destroy a key for ever; one that is unknown or gone is no fault.

        Raises:
            SigningUnavailable: as `key`.
        """
        try:
            await self._ask("POST", f"/credentials/{_named(credential)}/end", Ending(reason))
        except ActivationRefused as refused:
            if refused.refusal != "unknown_credential":
                raise

    async def close(self) -> None:
        """Let go."""
        await self._client.aclose()

    async def _ask(self, method: str, path: str, body: msgspec.Struct | None = None) -> bytes:
        content = None if body is None else msgspec.json.encode(body)
        try:
            with calling("signature_activation") as call:
                async with self._client.stream(method, path, content=content, headers=traceparent()) as response:
                    call.answered(response.status_code)
                    octets = bytearray()
                    async for chunk in response.aiter_bytes():
                        octets += chunk
                        if len(octets) > _MOST_BYTES:
                            raise SigningUnavailable("signature activation answers too much")
        except httpx.HTTPError as error:
            raise SigningUnavailable(f"signature activation: {type(error).__name__}") from error
        if response.status_code == 200:
            return bytes(octets)
        refused = _read(bytes(octets), Refused)
        if response.status_code >= 500 or refused.code == _UNAVAILABLE or refused.code not in REFUSALS:
            raise SigningUnavailable(f"signature activation: {refused.code}")
        raise ActivationRefused(refused.code)


def _read(octets: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(octets, type=kind)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise SigningUnavailable("signature activation answers something else than agreed") from error


def _named(credential: str) -> str:
    """A credential as part of an address."""
    if not _IDENTIFIER.fullmatch(credential):
        raise ActivationRefused("unknown_credential")
    return credential
