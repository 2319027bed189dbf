"""Discovery document and key set: made once for each change of our keys, read often."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ipse.oidc.rules.details import TYPES, schema
from ipse.oidc.service import Provider
from ipse.web.errors import NotFound

_KEPT_SECONDS = 1800
"""Half an hour: the floor at which partners ask again."""
_SIGNED_BY_US = (
    "id_token_signing_alg_values_supported",
    "userinfo_signing_alg_values_supported",
    "authorization_signing_alg_values_supported",
)
"""Members that name algorithms we need a key of our own for."""


class DiscoveryEndpoints:
    """What anybody may read of the provider."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._made: tuple[tuple[str, ...], bytes] = ((), b"")
        self._schemas = {
            name: msgspec.json.encode(schema(name, f"{provider.issuer}/schemas/authorization-details/{name}.json"))
            for name in TYPES
        }

    async def metadata(self, request: Request) -> Response:  # noqa: ARG002 - the same for everybody
        """`{issuer}/.well-known/openid-configuration` (OpenID Connect Discovery §4)."""
        algorithms = tuple(self._provider.keys.signing)
        if self._made[0] != algorithms:
            self._made = (algorithms, _metadata(self._provider.metadata, algorithms))
        return _document(self._made[1], b"application/json")

    async def keys(self, request: Request) -> Response:  # noqa: ARG002 - the same for everybody
        """The JWK set (RFC 7517 §8.5)."""
        keys = self._provider.keys
        return _document(keys.published, b"application/jwk-set+json", kept=keys.kept)

    async def details_schema(self, request: Request) -> Response:
        """The JSON schema of one type of `authorization_details` (RFC 9396 §2)."""
        found = self._schemas.get(request.path_params["type"])
        if found is None:
            raise NotFound("no such schema")
        return _document(found, b"application/schema+json")


def _metadata(metadata: dict[str, object], algorithms: tuple[str, ...]) -> bytes:
    """The document with the algorithms there are keys for now: a release may bring one, with the next rotation."""
    ours = {name: algorithms for name in _SIGNED_BY_US if name in metadata}
    return msgspec.json.encode({**metadata, **ours})


def _document(body: bytes, media_type: bytes, *, kept: int = _KEPT_SECONDS) -> Response:
    response = Response(body)
    response.raw_headers += [
        (b"content-type", media_type),
        (b"cache-control", f"public, max-age={kept}".encode()),
        (b"access-control-allow-origin", b"*"),
        (b"cross-origin-resource-policy", b"cross-origin"),
    ]
    return response
