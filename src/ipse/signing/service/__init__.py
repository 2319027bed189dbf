"""Use cases of signing: a person's credential, requests to sign, and what becomes of an approval.

`completion` fills a request in when a phone claims it, `conclusions` carries an approval out, `credentials` keeps
people's credentials, `followups` does elsewhere what follows from their lives.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ipse.actions.model import Action, Confidential, CredentialCreation, NewAction, Request
from ipse.actions.service import Actions
from ipse.attributes.service import Attributes
from ipse.kernel.clock import SECOND
from ipse.phones.service import Phones
from ipse.signing.errors import NoSigning, SigningUnavailable
from ipse.signing.model import Concluded, Credential, EndReason, NewSigning, Terms
from ipse.signing.ports import Activation, Certification
from ipse.signing.rules import requests
from ipse.signing.service.completion import Completion
from ipse.signing.service.conclusions import Conclusions
from ipse.signing.service.credentials import Credentials
from ipse.signing.service.followups import FollowUps
from ipse.standards.signature_activation import ActivationKey
from ipse.switches.model import Kind
from ipse.switches.service import Switches

__all__ = ["Signing", "build_signing"]

_KEY_SECONDS = 60


@dataclass
class _KeptKey:
    """The key of signature activation as it was given last: claims go on while that is away for a moment."""

    key: ActivationKey | None = None
    asked_at: int = 0


@dataclass(frozen=True)
class Signing:
    """What front doors, phones' claims and operators do with signatures."""

    actions: Actions
    credentials: Credentials
    switches: Switches
    completion: Completion | None = None
    conclusions: Conclusions | None = None
    """None, as the one above, where nothing is signed."""
    _kept: _KeptKey = field(default_factory=_KeptKey)

    async def begin(self, new: NewSigning) -> Action:
        """Begin a request to sign, to make a credential, or both: an action like any other.

        Raises:
            WrongSigning: counts, digests, algorithms or characters; `public` says which.
            NoSigning: nothing is signed at this installation.
            SigningUnavailable: signatures are switched off.
        """
        terms = self.terms
        self._check_on()
        requests.check(new)
        signature = new.signature
        # A certificate for one signature is made with it, unless there is one that waits for its signature.
        fresh = terms.short_term and signature is not None and not signature.credential
        creation = CredentialCreation(terms.algorithm, terms.issuer, terms.quality, terms.valid_seconds)
        request = Request(
            partner_name=new.partner_name,
            service_name=new.service_name,
            purpose=new.purpose,
            assurance="advanced",
            attributes=new.attributes,
            protocol=new.protocol,
            language=new.language,
            broker_name=new.broker_name,
            match=new.addressed,
            assurance_essential=True,
        )
        return await self.actions.begin(
            NewAction(
                kind=new.kind,
                partner_id=new.partner_id,
                service_code=new.service_code,
                request=request,
                browser_hash=new.browser_hash,
                account_id=new.account_id if new.addressed else None,
                meant_for=new.account_id,
                content=(*((creation,) if new.create or fresh else ()), *((signature,) if signature else ())),
                private=new.private,
                address=new.address,
                seconds=new.seconds,
            )
        )

    async def conclude(self, action_id: str, partner_id: str) -> Concluded:
        """What came of a request: the credential, and the values. The same however often it is asked for.

        Raises:
            UnknownAction: no such action of this partner.
            RequestPending, RequestExpired, RequestEnded, ResultFault: as every request.
            SigningRefused: the approval cannot be used; asking again changes nothing.
            SigningUnavailable: signature activation or certification is down; ask again, nothing was lost.
        """
        if self.conclusions is None:
            raise NoSigning
        return await self.conclusions.conclude(action_id, partner_id)

    async def credential_of(self, account_id: str) -> Credential | None:
        """The living credential of a person (active or suspended), if they have one."""
        return await self.credentials.living(account_id)

    async def credential(self, credential_id: str) -> Credential:
        """A credential, whatever its state.

        Raises:
            UnknownCredential: there is none.
        """
        return await self.credentials.find(credential_id)

    async def end(self, credential_id: str, reason: EndReason, *, actor: str) -> None:
        """End a credential for ever: its key is destroyed, its certificate revoked. Again is no harm.

        Raises:
            UnknownCredential: there is none.
        """
        await self.credentials.find(credential_id)
        await self.credentials.end(credential_id, reason, actor=actor)

    async def completing(self, action: Action, account_id: str, phone_id: str, asked: Confidential) -> Confidential:
        """What a phone shows of a request to sign, when it claims: with the credential, the names and the end.

        Raises:
            CredentialNeeded: the person has no credential on this phone, and the request makes none.
            OtherCredential: the request names one that is not theirs, or not their living one.
            CannotCertify: what is known of the person is not enough for a certificate.
            SigningUnavailable: signatures, or their signing key, are switched off.
        """
        if self.completion is None:
            raise NoSigning
        self._check_on()
        return await self.completion.completed(action, account_id, phone_id, asked)

    async def activation_key(self) -> ActivationKey | None:
        """The key of signature activation that phones seal to; None where nothing is signed.

        Raises:
            SigningUnavailable: it cannot be reached, and never could.
        """
        if self.conclusions is None:
            return None
        kept, now = self._kept, self.actions.clock.now()
        if kept.key is not None and 0 <= now - kept.asked_at < _KEY_SECONDS * SECOND:
            return kept.key
        try:
            kept.key = await self.conclusions.activation.key()
        except SigningUnavailable:
            if kept.key is None:
                raise
        kept.asked_at = now
        return kept.key

    @property
    def terms(self) -> Terms:
        """What this installation's certificates are.

        Raises:
            NoSigning: nothing is signed at this installation.
        """
        if self.completion is None:
            raise NoSigning
        return self.completion.terms

    def _check_on(self) -> None:
        if self.switches.is_off(Kind.SIGNATURES):
            raise SigningUnavailable("signatures are switched off")

    @property
    def followups(self) -> FollowUps | None:
        """Handlers of this feature's news; None where nothing is signed."""
        if self.conclusions is None:
            return None
        return FollowUps(self.credentials, self.conclusions.activation, self.conclusions.certification)


def build_signing(
    actions: Actions,
    phones: Phones,
    attributes: Attributes,
    switches: Switches,
    *,
    terms: Terms | None = None,
    clients: tuple[Activation, Certification] | None = None,
    issuer: str = "",
) -> Signing:
    """Signing with what it needs; without terms and clients nothing is signed, and rows are forgotten all the same."""
    credentials = Credentials(actions.database, actions.people, actions.clock, actions.ids)
    if terms is None or clients is None:
        return Signing(actions, credentials, switches)
    conclusions = Conclusions(
        actions=actions,
        phones=phones,
        attributes=attributes,
        credentials=credentials,
        activation=clients[0],
        certification=clients[1],
        terms=terms,
        issuer=issuer,
        switches=switches,
    )
    completion = Completion(credentials, attributes, terms, switches)
    return Signing(actions, credentials, switches, completion, conclusions)
