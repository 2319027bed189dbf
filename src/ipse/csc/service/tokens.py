"""Codes for tokens, tokens for their meaning, and taking them back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from ipse.actions.errors import RequestEnded, RequestExpired, RequestPending, ResultFault, UnknownAction
from ipse.csc.errors import AccessDenied, InvalidGrant, InvalidRequest, InvalidToken
from ipse.csc.model import KEPT_SECONDS, Asked, Bearer, Round, Scope, Token, Version
from ipse.csc.rules import details
from ipse.csc.rules import tokens as rules
from ipse.csc.rules.reading import text
from ipse.csc.service.ground import Ground
from ipse.csc.store import responses, rounds, tokens
from ipse.kernel.clock import SECOND, seconds
from ipse.kernel.ids import sha256
from ipse.partners.model import Partner
from ipse.people.model import AccountState
from ipse.signing.errors import SigningRefused
from ipse.signing.model import Concluded
from ipse.storage.copies import copied
from ipse.storage.statement import Transaction, one, run

_FORGETTING = (
    rounds.FORGET_ACCOUNTS,
    rounds.FORGET_ROUNDS,
    tokens.FORGET,
    responses.FORGET_ACCOUNT,
    responses.FORGET_PREPARED_OF,
)

log = structlog.get_logger("ipse.csc")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Holder:
    """Whom a token is for, and what with."""

    account_id: str
    credential_id: str = ""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Token and revocation endpoints without HTTP, and the bearers of tokens at every method."""

    ground: Ground

    async def redeem(self, partner: Partner, form: Mapping[str, object], version: Version) -> dict[str, Any]:
        """Exchange a code for a token, once; a second use takes the first token back.

        Nothing is used up while signature activation or certification cannot be reached.

        Raises:
            InvalidRequest, UnsupportedGrantType, InvalidGrant: there is nothing to have.
            AccessDenied: the approval gives nothing.
            SigningUnavailable: ask again.
        """
        request = rules.read_request(form, version)
        row = await self.ground.database.row(rounds.BY_CODE, sha256(request.code), partner.partner_id)
        found = rounds.read_round(row) if row is not None else None
        if found is None or found.version is not version:
            raise InvalidGrant("Invalid parameter code")
        now = self.ground.clock.now()
        if found.redeemed_at is not None:
            await self._revoke_of(found)
            raise InvalidGrant(detail="a second time")
        if found.code_until is None or found.code_until <= now:
            raise InvalidGrant(detail="too late")
        asked = self.ground.asked(found)
        try:
            rules.check_fits(request, asked)
        except InvalidGrant:
            await self.ground.database.rows(rounds.SPEND, found.round_id, now)
            raise
        holder = await self._holder(found, asked)
        token = await self._token(partner, holder, found)
        if not await self.ground.database.transact(lambda: self._issuing(found, holder, token)):
            await self._revoke_of(found)
            raise InvalidGrant(detail="a second time, or too late")
        log.info("csc.token", round=found.round_id, partner=partner.partner_id, scope=found.scope.value)
        return self._told(found, asked, holder, token)

    async def bearer(self, authorization: str | None, version: Version) -> Bearer:
        """Who calls a method.

        Raises:
            InvalidRequest, InvalidToken, ExpiredToken: nobody we know.
        """
        sent = rules.sent(authorization)
        if version is Version.ONE:
            rules.check_form(self.ground.key, sent)
        found = await self.read(sent, version)
        if found is None:
            raise InvalidToken(detail="unknown")
        rules.check_living(found.token, self.ground.clock.now())
        if version is Version.ONE and found.token.scope is not Scope.SERVICE:
            raise InvalidToken(detail="signature activation data in place of an access token")
        await self.check_parties(found.token)
        return found

    async def read(self, sent: str, version: Version) -> Bearer | None:
        """A token of this version, whatever its state."""
        hashed = sha256(sent)
        row = await self.ground.database.row(tokens.BY_HASH, hashed)
        token = tokens.read_token(row) if row is not None else None
        return Bearer(token, hashed) if token is not None and token.version is version else None

    async def check_parties(self, token: Token) -> None:
        """Partner and person are both still active.

        Raises:
            InvalidToken: one of them is not.
        """
        partner = await self.ground.desk.partners.partner(token.partner_id)
        if partner is None or partner.state != "active":
            raise InvalidToken(detail="the partner was stopped")
        account = await self.ground.people.account(token.account_id)
        if account.state is not AccountState.ACTIVE:
            raise InvalidToken(detail="the identity is not active")

    async def revoke(self, members: Mapping[str, Any], partner_id: str, *, account_id: str = "") -> None:
        """Take a token back: `auth/revoke` for its own person (`account_id`), `oauth2/revoke` for the partner.

        Raises:
            InvalidRequest: none that may be taken back so.
        """
        sent, hint = text(members, "token"), members.get("token_type_hint")
        if hint not in {None, "access_token", "refresh_token"}:
            raise InvalidRequest("Invalid parameter token_type_hint")
        row = await self.ground.database.row(tokens.BY_HASH, sha256(sent))
        known = tokens.read_token(row) if row is not None else None
        if account_id and (known is None or (known.partner_id, known.account_id) != (partner_id, account_id)):
            raise InvalidRequest("Invalid parameter token")
        await self.ground.database.rows(tokens.REVOKE, sha256(sent), partner_id, self.ground.clock.now())

    async def concluded(self, found: Round) -> Concluded:
        """What came of a round's request.

        Raises:
            InvalidGrant: nothing can come of it.
            AccessDenied: the approval gives nothing, for good.
            SigningUnavailable: ask again.
        """
        try:
            return await self.ground.signing.conclude(found.action_id or "", found.partner_id)
        except (RequestPending, RequestExpired, RequestEnded, UnknownAction) as error:
            raise InvalidGrant(detail=type(error).__name__) from error
        except (ResultFault, SigningRefused) as error:
            raise AccessDenied(detail=type(error).__name__) from error

    async def delete_old(self) -> int:
        """Delete what ended a day ago; returns how many rounds."""
        database, now = self.ground.database, self.ground.clock.now()
        before = now - KEPT_SECONDS * SECOND
        await database.rows(rounds.FORGET_PUSHED, now)
        await database.rows(tokens.DELETE_OLD, before)
        await database.rows(tokens.DELETE_OLD_GIVEN, before)
        return len(await database.rows(rounds.DELETE_OLD, before))

    async def bindings(self, account_id: str) -> dict[str, int]:
        """Under how many names of its own each partner has a person sign."""
        rows = await self.ground.database.rows(rounds.BINDINGS, account_id)
        return {row["partner_id"]: row["names"] for row in rows}

    def unbinding(self, account_id: str, partner_id: str) -> Transaction[int]:
        """Inside a transaction: take one partner's names, codes and tokens for a person away; how many names."""
        now = self.ground.clock.now()
        unbound = yield from run(rounds.UNBIND, account_id, partner_id)
        yield from run(rounds.SPEND_OF, account_id, partner_id, now)
        yield from run(tokens.REVOKE_OF, account_id, partner_id, now)
        return len(unbound)

    async def copy(self, account_id: str) -> dict[str, Any]:
        """What partners that have somebody sign hold of them, to take along."""
        rows = self.ground.database.rows
        texts = {
            "accounts": rounds.COPY_ACCOUNTS,
            "rounds": rounds.COPY_ROUNDS,
            "tokens": tokens.COPY,
            "responses": responses.COPY,
            "prepared": responses.COPY_PREPARED,
        }
        return {name: copied(await rows(text_, account_id)) for name, text_ in texts.items()}

    async def forget_account(self, account_id: str) -> None:
        """Forget somebody who has deleted their identity. Again is no harm."""
        for forgetting in _FORGETTING:
            await self.ground.database.rows(forgetting, account_id)

    # --- between ---------------------------------------------------------------------------------------------

    async def _holder(self, found: Round, asked: Asked) -> _Holder:
        """Whose a round is. What a person has approved to make is made now."""
        if found.action_id is None or (asked.credential_id and found.account_id):
            return _Holder(account_id=found.account_id or "", credential_id=asked.credential_id)
        concluded = await self.concluded(found)
        if found.account_id not in {None, concluded.account_id}:
            raise AccessDenied(detail="another person has approved")
        if asked.account:
            await self._bind(found.partner_id, asked.account, concluded.account_id)
        is_service = found.scope is Scope.SERVICE
        return _Holder(
            account_id=concluded.account_id, credential_id="" if is_service else concluded.credential.credential_id
        )

    async def _bind(self, partner_id: str, name: str, account_id: str) -> None:
        """Remember whom the partner means by a name. Another living person keeps it."""
        known = await self.ground.bound(partner_id, name)
        gone = known if known is not None and not await self.ground.is_alive(known) else ""
        index, now = self.ground.name_index(partner_id, name), self.ground.clock.now()
        if await self.ground.database.row(rounds.BIND, partner_id, index, account_id, now, gone) is None:
            raise AccessDenied(detail="the account of another person")

    async def _token(self, partner: Partner, holder: _Holder, found: Round) -> str:
        if found.version is Version.TWO:
            return self.ground.ids.secret()
        claims = rules.Claims(
            token_id=rules.uuid(self.ground.ids.octets(16)),
            subject=await self.ground.people.subject(holder.account_id, partner.partner_id),
            stamp=rules.uuid(self.ground.ids.octets(16)),
            expires=seconds(rules.until(self.ground.clock.now())),
            scope=found.scope,
        )
        return rules.build(self.ground.key, claims)

    def _issuing(self, found: Round, holder: _Holder, token: str) -> Transaction[bool]:
        """The one use of a code, and its token with it."""
        now = self.ground.clock.now()
        if (yield from one(rounds.REDEEM, found.round_id, now, holder.account_id)) is None:
            return False
        yield from run(
            tokens.ISSUE, sha256(token), found.round_id, found.partner_id, found.version, found.scope,
            holder.account_id, holder.credential_id, rules.until(now),
        )  # fmt: skip
        return True

    async def _revoke_of(self, found: Round) -> None:
        await self.ground.database.rows(tokens.REVOKE_OF_ROUND, found.round_id, self.ground.clock.now())

    def _told(self, found: Round, asked: Asked, holder: _Holder, token: str) -> dict[str, Any]:
        answer = rules.answer(token, found.version, found.scope)
        if asked.details:
            answer["authorization_details"] = details.repeated(asked, holder.credential_id)
        elif asked.qualifier:
            answer["credentialID"] = holder.credential_id
        return answer
