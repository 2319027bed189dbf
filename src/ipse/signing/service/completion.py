"""What a request to sign says once a phone has claimed it: with which credential, whose names, until when."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from ipse.actions.model import Action, Confidential, Content, CredentialCreation, Signature
from ipse.attributes.service import Attributes
from ipse.kernel.clock import SECOND, seconds
from ipse.signing import store
from ipse.signing.errors import CredentialNeeded, OtherCredential, SigningKeyOff
from ipse.signing.model import Credential, Terms
from ipse.signing.rules.naming import masked, naming
from ipse.signing.service.credentials import Credentials
from ipse.standards.signature_activation import SIGN_ALGORITHMS
from ipse.switches.model import Kind
from ipse.switches.service import Switches

_CLAIMED_SECONDS = 86_400
"""How long we look by ourselves whether a claimed request was approved."""


@dataclass(frozen=True)
class Completion:
    """Fills requests in."""

    credentials: Credentials
    attributes: Attributes
    terms: Terms
    switches: Switches

    async def completed(self, action: Action, account_id: str, phone_id: str, asked: Confidential) -> Confidential:
        """The content as it is shown; the row by which the request is concluded stands from then on.

        Raises:
            CredentialNeeded, OtherCredential, CannotCertify: the request cannot be put before this person.
        """
        now = self.credentials.clock.now()
        living = await self._usable(account_id, phone_id)
        content: list[Content] = []
        made: CredentialCreation | None = None
        for each in asked.content:
            if isinstance(each, CredentialCreation):
                if living is None or self.terms.short_term:
                    made = await self._named(each, account_id)
                    content.append(made)
            elif isinstance(each, Signature):
                content.append(self._with(each, made, living, now))
            else:
                content.append(each)
        until = now + _CLAIMED_SECONDS * SECOND
        values = (action.action_id, action.partner_id, account_id, phone_id, now, until)
        await self.credentials.database.rows(store.CLAIM, *values)
        return msgspec.structs.replace(asked, content=tuple(content))

    async def _usable(self, account_id: str, phone_id: str) -> Credential | None:
        """The person's credential, where it is one of this phone.

        One that is suspended counts: its identity is blocked, so nothing claims any more but a phone that must look as
        always after a duress code. Nothing will be signed.
        """
        living = await self.credentials.living(account_id)
        if living is None or living.phone_id != phone_id:
            return None
        if self.switches.is_off(Kind.SIGNING_KEY, living.credential_id):
            raise SigningKeyOff
        return living

    async def _named(self, creation: CredentialCreation, account_id: str) -> CredentialCreation:
        named = naming(await self.attributes.facts(account_id))
        terms = self.terms
        return msgspec.structs.replace(
            creation,
            algorithm=terms.algorithm,
            issuer=terms.issuer,
            quality=terms.quality,
            valid_seconds=terms.valid_seconds,
            credential=self.credentials.ids.identifier(),
            common_name=named.common_name,
            given_name=named.given_name,
            surname=named.surname,
            country=named.country,
            serial_number=masked(named.serial_number),
        )

    def _with(
        self, signature: Signature, made: CredentialCreation | None, living: Credential | None, now: int
    ) -> Signature:
        """The signature with its credential: the one that it names, or that is made with it, or that there is."""
        if signature.credential:
            if living is None or living.credential_id != signature.credential:
                raise OtherCredential
            made = None
        elif made is None and living is None:
            raise CredentialNeeded
        algorithm = made.algorithm if made is not None else living.algorithm if living is not None else ""
        chosen = signature.sign_algorithm or _usual(algorithm, signature.hash_algorithm)
        if SIGN_ALGORITHMS[chosen][0] != algorithm:
            raise OtherCredential
        credential = made.credential if made is not None else living.credential_id if living is not None else ""
        expires_at = seconds(now) + self.terms.approval_seconds
        return msgspec.structs.replace(signature, credential=credential, expires_at=expires_at, sign_algorithm=chosen)


def _usual(algorithm: str, hash_algorithm: str) -> str:
    """The signature algorithm of a kind of key with a hash algorithm, for whoever leaves it to us."""
    return next(oid for oid, fits in SIGN_ALGORITHMS.items() if fits == (algorithm, hash_algorithm))
