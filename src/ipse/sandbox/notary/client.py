"""The CSC API 1.0.4 as the partner protocol's profile has it: two rounds, then digests for signatures."""

from __future__ import annotations

from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

import httpx
from joserfc import jwt
from joserfc.jwk import OctKey

from ipse.kernel import clock
from ipse.kernel.clock import Clock
from ipse.kernel.ids import Ids
from ipse.sandbox.notary.model import NOTARY, Credential
from ipse.sandbox.partner.errors import LoginFailedError
from ipse.sandbox.published import read_json

SHA256_RSA: Final = "1.2.840.113549.1.1.11"


@dataclass(frozen=True, slots=True)
class NotaryClient:
    """The notary's program."""

    scheme: str
    secret: str
    redirect_uri: str
    http: httpx.AsyncClient
    clock: Clock
    ids: Ids

    def first_round(self, account: str, state: str, language: str) -> str:
        """Where the browser goes so that the notary may ask for this client's credential (CSC §8.3.1)."""
        return self._authorize(account, state, language, {"scope": "service"})

    def second_round(
        self, account: str, state: str, language: str, *, credential: str, digests: Sequence[bytes], description: str
    ) -> str:
        """Where the browser goes so that the client approves these digests."""
        more = {
            "scope": "credential",
            "credentialID": credential,
            "numSignatures": str(len(digests)),
            "hash": ",".join(urlsafe_b64encode(digest).decode() for digest in digests),
            "description": description,
        }
        return self._authorize(account, state, language, more)

    async def redeem(self, code: str) -> str:
        """An access token, or after the second round signature activation data (CSC §8.3.3)."""
        answer = await self._post(
            "oauth2/token",
            {
                "grant_type": "authorization_code",
                "client_id": NOTARY.id,
                "client_secret": self.secret,
                "code": code,
                "redirect_uri": self.redirect_uri,
            },
        )
        return str(answer["access_token"])

    async def credential(self, token: str) -> Credential:
        """The client's one credential with its certificates (CSC §11.4, §11.5)."""
        known = await self._post("credentials/list", {"maxResults": 1}, token)
        credential_id = str(known["credentialIDs"][0])
        about = {"credentialID": credential_id, "certificates": "chain", "certInfo": True}
        info = await self._post("credentials/info", about, token)
        certificate: Mapping[str, Any] = info["cert"]
        chain = tuple(b64decode(one) for one in certificate["certificates"])
        return Credential(credential_id, chain, str(certificate["subjectDN"]))

    async def sign(self, token: str, activation: str, credential: str, digests: Sequence[bytes]) -> tuple[bytes, ...]:
        """The signatures, in the order of the digests (CSC §11.9)."""
        answer = await self._post(
            "signatures/signHash",
            {
                "credentialID": credential,
                "SAD": activation,
                "hash": [b64encode(digest).decode() for digest in digests],
                "signAlgo": SHA256_RSA,
            },
            token,
        )
        return tuple(b64decode(value) for value in answer["signatures"])

    def _authorize(self, account: str, state: str, language: str, more: Mapping[str, str]) -> str:
        query = {
            "response_type": "code",
            "client_id": NOTARY.id,
            "redirect_uri": self.redirect_uri,
            "state": state,
            "lang": language.upper(),
            "account_token": self._account_token(account),
            **more,
        }
        return f"{self.scheme}/csc/v1/oauth2/authorize?{urlencode(query)}"

    def _account_token(self, account: str) -> str:
        """Whose account at the notary's this is about (CSC §8.3.1)."""
        now = clock.seconds(self.clock.now())
        claims = {"sub": account, "iat": now, "jti": self.ids.identifier(), "azp": NOTARY.id}
        return jwt.encode({"alg": "HS256", "typ": "JWT"}, claims, OctKey.import_key(self.secret))

    async def _post(self, method: str, body: Mapping[str, object], token: str = "") -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            response = await self.http.post(f"{self.scheme}/csc/v1/{method}", json=dict(body), headers=headers)
        except httpx.TransportError as error:
            raise LoginFailedError("away", f"the scheme does not answer: {error!r}") from error
        answer = read_json(response)
        if response.status_code != httpx.codes.OK:
            told = f"{answer.get('error')}: {answer.get('error_description')}"
            raise LoginFailedError("broken", f"{method}: {response.status_code} {told}")
        return answer
