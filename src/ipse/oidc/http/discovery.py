"""Discovery document and key set: made once, read often."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ipse.oidc.service import Provider

_KEPT = (b"cache-control", b"public, max-age=1800")
"""Half an hour: the floor at which partners ask again."""


class DiscoveryEndpoints:
    """What anybody may read of the provider."""

    def __init__(self, provider: Provider) -> None:
        self._metadata = msgspec.json.encode(provider.metadata)
        self._keys = provider.keys.published

    async def metadata(self, request: Request) -> Response:  # noqa: ARG002 - the same for everybody
        """`{issuer}/.well-known/openid-configuration` (OpenID Connect Discovery §4)."""
        return _document(self._metadata, b"application/json")

    async def keys(self, request: Request) -> Response:  # noqa: ARG002 - the same for everybody
        """The JWK set (RFC 7517 §8.5)."""
        return _document(self._keys, b"application/jwk-set+json")


def _document(body: bytes, media_type: bytes) -> Response:
    response = Response(body)
    response.raw_headers += [
        (b"content-type", media_type),
        _KEPT,
        (b"access-control-allow-origin", b"*"),
        (b"cross-origin-resource-policy", b"cross-origin"),
    ]
    return response
