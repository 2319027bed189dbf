"""Use cases of signing: a person's credential, requests to sign, and what becomes of an approval."""

from __future__ import annotations

from dataclasses import dataclass

from ipse.actions.model import Action, Confidential
from ipse.actions.service import Actions
from ipse.kernel.settings import Settings
from ipse.people.service import People
from ipse.signing.errors import SigningUnavailable
from ipse.signing.model import Concluded, Credential, EndReason, NewSigning


@dataclass(frozen=True)
class Signing:
    """What front doors, phones' claims and operators do with signatures."""

    settings: Settings
    people: People
    actions: Actions

    async def begin(self, new: NewSigning) -> Action:
        """Begin a request to sign, to make a credential, or both: an action like any other.

        Raises:
            WrongSigning: counts, digests, algorithms or characters; `public` says which.
            NoSigning: nothing is signed at this installation.
        """
        raise SigningUnavailable

    async def conclude(self, action_id: str, partner_id: str) -> Concluded:
        """What came of a request: the credential, and the values. The same however often it is asked for.

        Raises:
            UnknownAction: no such action of this partner.
            RequestPending, RequestExpired, RequestEnded, ResultFault: as every request.
            SigningRefused: the approval cannot be used; asking again changes nothing.
            SigningUnavailable: signature activation or certification is down; ask again, nothing was lost.
        """
        raise SigningUnavailable

    async def credential_of(self, account_id: str) -> Credential | None:
        """The living credential of a person (active or suspended), if they have one."""
        raise SigningUnavailable

    async def credential(self, credential_id: str) -> Credential:
        """A credential, whatever its state.

        Raises:
            UnknownCredential: there is none.
        """
        raise SigningUnavailable

    async def end(self, credential_id: str, reason: EndReason, *, actor: str) -> None:
        """End a credential for ever: its key is destroyed, its certificate revoked. Again is no harm.

        Raises:
            UnknownCredential: there is none.
        """
        raise SigningUnavailable

    async def completing(self, action: Action, account_id: str, phone_id: str, asked: Confidential) -> Confidential:
        """What a phone shows of a request to sign, when it claims: with the credential, the names and the end.

        Raises:
            CredentialNeeded: the person has no credential on this phone, and the request makes none.
            OtherCredential: the request names one that is not theirs, or not their living one.
        """
        raise SigningUnavailable
