"""Partners' servers prove who they are: by their secret, or in version 2 by a signed assertion."""

from __future__ import annotations

import hmac
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from ipse.csc.errors import InvalidClient, InvalidRequest
from ipse.csc.model import Version
from ipse.csc.service.ground import Ground
from ipse.partners.model import AuthMethod, Partner
from ipse.standards.oauth import OAuthFormError, basic_credentials

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")

Asserted: TypeAlias = Callable[[Mapping[str, str]], Awaitable[Partner]]
"""Proves a partner by the client assertion in a form, as the provider's token endpoint does. Raises PlatformError."""


@dataclass(frozen=True, slots=True)
class Authentication:
    """Proving partners at the token endpoints and their neighbours."""

    ground: Ground
    asserted: Asserted

    async def prove(self, form: Mapping[str, object], authorization: str | None, version: Version) -> Partner:
        """The partner that sends a form.

        Raises:
            InvalidRequest: something is missing or wrong, with the words of the specification.
            InvalidClient: the header or the assertion is not right.
            PlatformError: as `asserted`.
        """
        if version is Version.TWO and "client_assertion" in form:
            if authorization is not None or "client_secret" in form:
                raise InvalidRequest(detail="more than one way of client authentication")
            return await self.asserted({name: str(value) for name, value in form.items()})
        if version is Version.TWO and authorization is not None:
            return await self._by_header(authorization, form)
        client_id, secret = form.get("client_id"), form.get("client_secret")
        if not client_id:
            raise InvalidRequest("Missing parameter client_id")
        partner = await self._partner(client_id)
        if not secret:
            raise InvalidRequest("Client authorization required")
        if not self._is_secret(partner, secret):
            raise InvalidRequest("Invalid parameter client_secret")
        return partner

    async def _by_header(self, authorization: str, form: Mapping[str, object]) -> Partner:
        try:
            client_id, secret = basic_credentials(authorization) or ("", "")
            partner = await self._partner(client_id)
        except (OAuthFormError, InvalidRequest) as error:
            raise InvalidClient(detail="Authorization header") from error
        if not self._is_secret(partner, secret) or form.get("client_id", client_id) != client_id:
            raise InvalidClient(detail="wrong secret, or client_id of another")
        if "client_secret" in form:
            raise InvalidRequest(detail="more than one way of client authentication")
        return partner

    async def _partner(self, client_id: object) -> Partner:
        partners = self.ground.desk.partners
        is_name = isinstance(client_id, str) and _NAME.fullmatch(client_id)
        partner = await partners.partner(str(client_id)) if is_name else None
        if partner is None or partner.state != "active" or partner.auth_method is not AuthMethod.CLIENT_SECRET_POST:
            raise InvalidRequest("Invalid parameter client_id")
        return partner

    def _is_secret(self, partner: Partner, secret: object) -> bool:
        expected = self.ground.desk.partners.secret(partner)
        return isinstance(secret, str) and hmac.compare_digest(secret.encode(), expected.encode())
