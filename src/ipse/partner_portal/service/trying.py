"""Trying a login at once: the request, the phone and the tokens, all over the wire, each step told.

The portal plays browser and partner. What only the partner can do stays with the partner: where it proves itself by a
key, its page signs the assertion and opens the answers, and the key never leaves it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from ipse.kernel.ids import Ids
from ipse.partner_portal.clients import Exchange, SimulatedPhone, Visitor, app_link, page_of
from ipse.partner_portal.errors import FormRefused, NotReady, PhoneFailed, SandboxOnly
from ipse.partner_portal.model import Trial, TrialStep
from ipse.partner_portal.rules import trials as rules
from ipse.partner_portal.service.credentials import ready
from ipse.partner_portal.service.organisations import Standing
from ipse.partners.model import AuthMethod, Partner, Service
from ipse.partners.service import PartnerDesk
from ipse.standards import jose

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LONGEST_ASSERTION: Final = 8192
_OK: Final = 200


@dataclass(frozen=True, slots=True)
class Approved:
    """A request that a simulated phone has approved."""

    steps: tuple[TrialStep, ...]
    return_url: str = ""
    """Where the browser goes now: an address of the partner's."""


@dataclass(frozen=True, slots=True)
class Trying:
    """Tries logins, in a sandbox."""

    desk: PartnerDesk
    ids: Ids
    issuer: str
    base: str
    claims: Mapping[str, str]
    """Attributes by name, as they are called on the wire."""
    phones: Mapping[str, SimulatedPhone] = field(default_factory=dict)
    """By person; empty: nothing is tried here."""

    def phone(self, person: str) -> SimulatedPhone:
        """The phone of a test person.

        Raises:
            SandboxOnly: there is none.
        """
        if not self.phones:
            raise SandboxOnly
        return self.phones.get(person) or next(iter(self.phones.values()))

    async def run(self, standing: Standing, service: Service, *, person: str, assertion: str, refuse: bool) -> Trial:
        """A whole login; `assertion` is the partner's own, where it proves itself by a key.

        Raises:
            SandboxOnly, NotReady: it cannot be tried.
        """
        partner = ready(standing)
        self.check(service)
        question = rules.question(partner, service, self.ids)
        asked = rules.asking(question.parameters, self.claims, service.contract)
        visitor = Visitor.of(self.base)
        try:
            met = await self._meet(visitor, rules.address(self.issuer + "/authorization", asked), person, refuse=refuse)
            answer = rules.answer(met.return_url)
            if not met.return_url or "code" not in answer:
                return Trial(met.steps, return_url=met.return_url)
            form = {
                "grant_type": "authorization_code",
                "code": answer["code"],
                "redirect_uri": question.parameters["redirect_uri"],
                "code_verifier": question.verifier,
            }
            return await self._redeem(visitor, partner, form, assertion, question.nonce, met)
        except PhoneFailed as error:
            return Trial((TrialStep("page", good=False, why=error.public),))
        finally:
            await visitor.close()

    async def approve(self, standing: Standing, address: str, *, person: str) -> Approved:
        """Open the address that a partner's own program printed, and approve it on a simulated phone.

        Raises:
            SandboxOnly: there are no simulated phones here.
            FormRefused: it is no authorization request of this partner's.
        """
        self.phone(person)
        address = address.strip()
        if not address.startswith(self.issuer + "/authorization?"):
            raise FormRefused("address", "not_an_authorization", issuer=self.issuer)
        if rules.answer(address).get("client_id") != standing.organisation_id:
            raise FormRefused("address", "other_client", client_id=standing.organisation_id)
        visitor = Visitor.of(self.base)
        try:
            return await self._meet(visitor, address, person, refuse=False)
        finally:
            await visitor.close()

    async def published(self) -> Mapping[str, Any]:
        """The scheme's own keys, as any partner fetches them."""
        visitor = Visitor.of(self.base)
        try:
            return _object(await visitor.get(self.issuer + "/jwkSet"))
        finally:
            await visitor.close()

    def check(self, service: Service) -> None:
        """See that a service can be tried.

        Raises:
            SandboxOnly, NotReady: it cannot; the latter says why.
        """
        if not self.phones:
            raise SandboxOnly
        if service.type in rules.NEEDS_MORE:
            raise NotReady("trial_type")
        if service.profile == "fapi2" or service.message_signing:
            raise NotReady("trial_profile")
        if not service.redirect_uris:
            raise NotReady("redirect_uri")

    async def _meet(self, visitor: Visitor, address: str, person: str, *, refuse: bool) -> Approved:
        """From the request to where the browser would go back to."""
        page = await visitor.get(address)
        link = app_link(page.body)
        if not link:
            return await self._refused(page)
        steps = [TrialStep("request", good=True, sent=page.line), TrialStep("page", good=True, came=link)]
        phone = self.phone(person)
        try:
            shown = await phone.show(link)
            steps.append(TrialStep("phone", good=True, came=rules.pretty(rules.shown_on_the_phone(shown["shown"]))))
            decided = await (phone.refuse(shown["action"]) if refuse else phone.approve(shown["action"]))
        except PhoneFailed as error:
            return Approved((*steps, TrialStep("phone", good=False, why=error.public)))
        outcome = {name: decided[name] for name in ("outcome", "shared", "declined") if name in decided}
        steps.append(TrialStep("approval", good=True, came=rules.pretty(outcome)))
        back = await visitor.get(decided.get("return_url") or self.base + page_of(page.body) + "/finish")
        if not back.location:
            steps.append(TrialStep("return", good=refuse, came=f"HTTP {back.status}"))
            return Approved(tuple(steps))
        steps.append(TrialStep("return", good=True, sent=back.location, came=rules.pretty(rules.answer(back.location))))
        return Approved(tuple(steps), back.location)

    async def _refused(self, page: Exchange) -> Approved:
        """The scheme has shown no sign-in page: what it said instead."""
        if page.location:
            told = rules.answer(page.location)
            why = told.get("error_description") or told.get("error", "")
            step = TrialStep("request", good=False, sent=page.line, came=rules.pretty(told), why=why)
            return Approved((step,), page.location)
        return Approved((TrialStep("request", good=False, sent=page.line, came=f"HTTP {page.status}"),))

    async def _redeem(
        self, visitor: Visitor, partner: Partner, form: dict[str, str], assertion: str, nonce: str, met: Approved
    ) -> Trial:
        """The code for tokens, and what is in them."""
        form, hidden = self._proven(partner, form, assertion)
        sent = "POST " + self.issuer + "/token\n" + rules.pretty({**form, **hidden})
        answer = await visitor.post(self.issuer + "/token", form)
        told = _object(answer)
        if answer.status != _OK:
            why = str(told.get("error_description", ""))
            step = TrialStep("token", good=False, sent=sent, came=rules.pretty(told), why=why)
            return Trial((*met.steps, step), return_url=met.return_url)
        short = {name: _short(str(value)) for name, value in told.items()}
        steps = (*met.steps, TrialStep("token", good=True, sent=sent, came=rules.pretty(short)))
        shared = await visitor.post(self.issuer + "/userinfo", {}, bearer=str(told.get("access_token", "")))
        sealed = {"id_token": str(told.get("id_token", "")), "userinfo": shared.body}
        if partner.auth_method is not AuthMethod.CLIENT_SECRET_POST:
            return Trial(steps, sealed=sealed, return_url=met.return_url)
        return await self._opened(visitor, partner, sealed, nonce, Trial(steps, return_url=met.return_url))

    def _proven(self, partner: Partner, form: dict[str, str], assertion: str) -> tuple[dict[str, str], dict[str, str]]:
        """The form with what proves the partner, and what of it is not shown."""
        if partner.auth_method is AuthMethod.CLIENT_SECRET_POST:
            secret = self.desk.partners.secret(partner)
            proven = {**form, "client_id": partner.partner_id, "client_secret": secret}
            return proven, {"client_secret": "…"}
        if not assertion or len(assertion) > _LONGEST_ASSERTION:
            raise NotReady("assertion")
        proven = {**form, "client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}
        return proven, {"client_assertion": _short(assertion)}

    async def _opened(
        self, visitor: Visitor, partner: Partner, sealed: Mapping[str, str], nonce: str, trial: Trial
    ) -> Trial:
        """The tokens of a partner with a secret, decrypted and verified as its program should."""
        published = _object(await visitor.get(self.issuer + "/jwkSet"))
        key = jose.shared_key(self.desk.partners.secret(partner))
        agreed = partner.algorithms
        signed = {agreed.id_token_signed_response_alg, agreed.userinfo_signed_response_alg}
        sealing = {("dir", agreed.id_token_encrypted_response_enc), ("dir", agreed.userinfo_encrypted_response_enc)}
        steps, claims = list(trial.steps), dict[str, Any]()
        for name in ("id_token", "userinfo"):
            try:
                opened = jose.decrypt(sealed[name], key, allowed=sealing)
                token = jose.UnverifiedToken.parse(opened.plaintext.decode())
                verified = jose.verify(token, jose.public_keys(published), algorithms=signed, types={None, "jwt"})
            except ValueError as error:
                steps.append(TrialStep(name, good=False, why=str(error)))
                continue
            found = verified.claims
            good = name == "userinfo" or found.get("nonce") == nonce
            steps.append(TrialStep(name, good=good, came=rules.pretty(found)))
            claims = found if name == "id_token" else claims
        return Trial(tuple(steps), claims=claims, return_url=trial.return_url)


def _object(answer: Exchange) -> dict[str, Any]:
    try:
        return msgspec.json.decode(answer.body, type=dict[str, Any])
    except msgspec.DecodeError:
        return {}


def _short(value: str) -> str:
    return value if len(value) <= 60 else f"{value[:24]}…{value[-12:]} ({len(value)})"
