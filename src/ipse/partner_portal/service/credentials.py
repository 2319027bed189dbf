"""A partner's keys or its secret: brought, tried, rotated with overlap."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from ipse.kernel.ids import Ids, b64u
from ipse.kernel.settings import Environment
from ipse.partner_portal.errors import FormRefused, NotReady
from ipse.partner_portal.rules import keys as rules
from ipse.partner_portal.service.organisations import Standing
from ipse.partners.errors import KeysNotFetched
from ipse.partners.model import (
    AuthMethod,
    KeyUse,
    Partner,
    Preset,
    algorithms_anew,
    encryption_key_type,
    preset_algorithms,
)
from ipse.partners.service import PartnerDesk

_TRIED: Final = "ipse:tried"
"""Stands among the uses of a partner's keys for the last login that was tried in the portal."""
_OWN: Final = "ipse:own"
"""Stands there once the partner's own program had proven itself before a login was tried."""


@dataclass(frozen=True, slots=True)
class KeyLine:
    """One key as its partner sees it."""

    kid: str
    use: str
    strength: str
    use_of: KeyUse | None
    """When it last proved the partner; None: never, or a key that only decrypts."""
    newest: bool
    """Whether it is the one that was registered last for its use."""
    can_go: bool
    """Whether another key of its use stands beside it."""


@dataclass(frozen=True, slots=True)
class Change:
    """A partner as it would stand with other credentials."""

    partner: Partner
    secret: str | None = None
    published: Mapping[str, Any] | None = None
    old: Partner | None = None
    """The partner as it was read."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Changes what a partner proves itself with. In production a change of an active partner waits for a review."""

    desk: PartnerDesk
    ids: Ids

    @property
    def waits(self) -> bool:
        """Whether a change waits for a second person, once the partner asks people (T-26)."""
        return self.desk.partners.environment is Environment.PRODUCTION

    def challenge(self, organisation_id: str, day: int) -> str:
        """What whoever brings a key signs with it."""
        key = self.desk.partners.keystore.working_key("partner")
        return b64u(hmac.digest(key, f"ipse key possession v1 {organisation_id} {day}".encode(), "sha256"))

    async def keys(self, standing: Standing) -> list[KeyLine]:
        """Its public keys, those that sign first, in the order in which they were registered."""
        partner = standing.partner
        if partner is None or partner.auth_method is AuthMethod.CLIENT_SECRET_POST:
            return []
        found = (await self.desk.keys.raw(partner)).get("keys", [])
        uses = await self.desk.uses.of_partner(partner.partner_id)
        counts = {use: sum(1 for jwk in found if jwk.get("use", "sig") == use) for use in ("sig", "enc")}
        last = {jwk.get("use", "sig"): jwk.get("kid") for jwk in found}
        lines = [
            KeyLine(
                kid=jwk["kid"],
                use=jwk.get("use", "sig"),
                strength=rules.strength(jwk),
                use_of=uses.get(jwk["kid"]),
                newest=last[jwk.get("use", "sig")] == jwk["kid"],
                can_go=counts[jwk.get("use", "sig")] > 1 and not partner.jwks_uri,
            )
            for jwk in found
        ]
        return sorted(lines, key=lambda line: line.use != "sig")

    async def secret_use(self, standing: Standing) -> KeyUse | None:
        """When its secret was last used."""
        return (await self.desk.uses.of_partner(standing.organisation_id)).get("")

    async def has_been_used(self, standing: Standing) -> bool:
        """Whether the partner has ever proven itself."""
        return bool((await self.desk.uses.of_partner(standing.organisation_id)).keys() - {_TRIED, _OWN})

    async def used_by_own_program(self, standing: Standing) -> bool:
        """Whether the partner has proven itself other than by trying a login in the portal."""
        uses = await self.desk.uses.of_partner(standing.organisation_id)
        tried = uses.pop(_TRIED, None)
        return _OWN in uses or any(use.used_at > (tried.used_at if tried else 0) for use in uses.values())

    async def before_trial(self, standing: Standing) -> None:
        """A login is about to be tried in the portal: keep in mind whether the partner's program has come before."""
        if await self.used_by_own_program(standing):
            self.desk.uses.note(standing.organisation_id, _OWN)

    def after_trial(self, standing: Standing) -> None:
        """A login was tried in the portal: uses until now say nothing of the partner's own program."""
        self.desk.uses.note(standing.organisation_id, _TRIED)

    async def legacy_at(self, standing: Standing) -> int:
        """When an assertion last named the token endpoint as its audience (C-11); 0: never."""
        uses = await self.desk.uses.of_partner(standing.organisation_id)
        return max((use.legacy_at for use in uses.values()), default=0)

    async def bring(
        self, standing: Standing, jwks: Sequence[Mapping[str, Any]], *, email: str, instead: bool
    ) -> Change:
        """The partner with new keys beside its old ones, or `instead` of them.

        Raises:
            FormRefused: another key has the same `kid`.
        """
        partner = standing.partner
        old: Sequence[Mapping[str, Any]] = []
        if partner is not None and partner.jwks and not instead:
            old = partner.jwks.get("keys", [])
        together = {"keys": rules.merged(old, jwks)}
        return Change(self._with_keys(standing, email, jwks=together), old=partner)

    async def without(self, standing: Standing, kid: str) -> Change:
        """The partner without one of its keys.

        Raises:
            FormRefused: no such key, or the last of its use.
        """
        line = next((line for line in await self.keys(standing) if line.kid == kid), None)
        if standing.partner is None or standing.partner.jwks is None or line is None or not line.can_go:
            raise FormRefused("keys", "last_key", kid=kid)
        rest = [jwk for jwk in standing.partner.jwks["keys"] if jwk.get("kid") != kid]
        return Change(self._with_keys(standing, "", jwks={"keys": rest}), old=standing.partner)

    async def at_address(self, standing: Standing, address: str, *, email: str) -> Change:
        """The partner with the keys that it publishes at an address.

        Raises:
            FormRefused: says what its developer must mend.
        """
        published = await self.fetched(address)
        changed = self._with_keys(standing, email, address=address, published=published)
        return Change(changed, published=published, old=standing.partner)

    async def fetched(self, address: str) -> Mapping[str, Any]:
        """The keys at an address, as a login would fetch them.

        Raises:
            FormRefused: says exactly why not.
        """
        try:
            return await self.desk.keys.fetch(address)
        except KeysNotFetched as error:
            raise FormRefused("jwks_uri", "not_fetched", reason=error.reason) from error

    def new_secret(self, standing: Standing, *, email: str) -> Change:
        """The partner with a new secret; the old one ends with it, because a partner has one."""
        secret = self.ids.secret()
        partner = self._base(standing, email)
        method = AuthMethod.CLIENT_SECRET_POST
        algorithms = (
            algorithms_anew(standing.partner.algorithms, partner.preset, method, encryption_key_type=None)
            if standing.partner
            else preset_algorithms(partner.preset, method, encryption_key_type=None)
        )
        changed = msgspec.structs.replace(
            partner, auth_method=method, jwks=None, jwks_uri=None, sealed_secret=None, algorithms=algorithms
        )
        return Change(changed, secret=secret, old=standing.partner)

    async def save(self, change: Change, *, actor: str) -> None:
        """Register the partner as it is to stand from now on.

        Raises:
            PartnerRegistrationError: names what is wrong, or somebody has changed it meanwhile.
        """
        await self.desk.partners.register_partner(
            change.partner,
            secret=change.secret,
            actor=actor,
            published=change.published,
            instead_of=change.old,
        )

    def _with_keys(
        self,
        standing: Standing,
        email: str,
        *,
        jwks: Mapping[str, Any] | None = None,
        address: str | None = None,
        published: Mapping[str, Any] | None = None,
    ) -> Partner:
        partner = self._base(standing, email)
        by_secret = partner.auth_method is AuthMethod.CLIENT_SECRET_POST
        method = AuthMethod.PRIVATE_KEY_JWT if by_secret else partner.auth_method
        kind = encryption_key_type(jwks or published)
        algorithms = (
            algorithms_anew(standing.partner.algorithms, partner.preset, method, encryption_key_type=kind)
            if standing.partner
            else preset_algorithms(partner.preset, method, encryption_key_type=kind)
        )
        return msgspec.structs.replace(
            partner, auth_method=method, jwks=jwks, jwks_uri=address, sealed_secret=None, algorithms=algorithms
        )

    def _base(self, standing: Standing, email: str) -> Partner:
        """The partner as it stands, or a first one: in production it asks nobody until it was reviewed."""
        if standing.partner is not None:
            return standing.partner
        method = AuthMethod.PRIVATE_KEY_JWT
        return Partner(
            partner_id=standing.organisation_id,
            name=standing.name,
            state="stopped" if self.waits else "active",
            auth_method=method,
            jwks=None,
            algorithms=preset_algorithms(Preset.NEW, method, encryption_key_type="EC"),
            contacts=(email,) if email else (),
        )


def ready(standing: Standing) -> Partner:
    """The partner, where it has keys or a secret.

    Raises:
        NotReady: not yet.
    """
    if standing.partner is None:
        raise NotReady("keys")
    return standing.partner
