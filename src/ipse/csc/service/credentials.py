"""What a partner may know of a person's credential. Everybody has one at most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ipse.csc.errors import InvalidRequest
from ipse.csc.model import Bearer, Version
from ipse.csc.rules import credentials as rules
from ipse.csc.rules.authorization import QUALIFIERS
from ipse.csc.rules.reading import flag, maybe_text, number, text
from ipse.csc.service.ground import Ground
from ipse.signing.model import Credential
from ipse.web import languages


@dataclass(frozen=True, slots=True)
class Credentials:
    """`credentials/list` and `credentials/info`."""

    ground: Ground

    async def listed(self, bearer: Bearer, members: Mapping[str, Any]) -> dict[str, Any]:
        """The person's one credential, or none.

        Raises:
            InvalidRequest: a member that does not fit.
        """
        version = bearer.token.version
        if members.get("userID") is not None:
            raise InvalidRequest("userID parameter MUST be null")
        rules.check_most(number(members, "maxResults"))
        if members.get("pageToken"):
            raise InvalidRequest("Invalid parameter pageToken")
        certificates = rules.check_certificates(_word(members, "certificates"))
        credential = await self.ground.signing.credential_of(bearer.token.account_id)
        only_valid = version is Version.TWO and flag(members, "onlyValid")
        if credential and only_valid and not rules.is_usable(credential, self.ground.clock.now()):
            credential = None
        answer: dict[str, Any] = {"credentialIDs": [credential.credential_id] if credential else []}
        if version is Version.TWO and flag(members, "credentialInfo"):
            answer["credentialInfos"] = []
            if credential:
                told = await self._described(bearer, credential, members, certificates)
                answer["credentialInfos"] = [{"credentialID": credential.credential_id, **told}]
        return answer | ({"onlyValid": True} if only_valid else {})

    async def info(self, bearer: Bearer, members: Mapping[str, Any]) -> dict[str, Any]:
        """What is to be known of it.

        Raises:
            InvalidRequest: it is not this person's, or a member does not fit.
        """
        credential_id = text(members, "credentialID")
        certificates = rules.check_certificates(_word(members, "certificates"))
        credential = await self.ground.credential(credential_id)
        if credential.account_id != bearer.token.account_id:
            raise InvalidRequest("Invalid parameter credentialID", detail="another person's")
        return await self._described(bearer, credential, members, certificates)

    async def _described(
        self, bearer: Bearer, credential: Credential, members: Mapping[str, Any], certificates: str
    ) -> dict[str, Any]:
        found = await self.ground.round_of(bearer.token)
        service = await self.ground.service(found.service_code) if found else None
        return rules.described(
            credential,
            version=bearer.token.version,
            certificates=certificates,
            with_info=flag(members, "certInfo"),
            batch=service.batch if service else 1,
            language=languages.choose(maybe_text(members, "lang"), None),
            qualifier=QUALIFIERS[self.ground.quality][0],
            now=self.ground.clock.now(),
        )


def _word(members: Mapping[str, Any], name: str) -> str:
    try:
        return maybe_text(members, name)
    except InvalidRequest as error:
        raise InvalidRequest(f"Invalid parameter {name}") from error
