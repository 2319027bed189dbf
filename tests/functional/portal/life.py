"""Every table that names a person gets rows of theirs, with a canary in each column that can hold one (B-73)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from ipse.actions.model import Agreement, AskedAttribute, Method
from ipse.attributes.model import Address, Document, Evidence, Facts, NationalNumber, Picture, Place, Source
from ipse.enrolment.model import Answer as Answered
from ipse.enrolment.model import AppVersion, EnrolRequest
from ipse.envelopes import store as envelopes
from ipse.envelopes.model import About, Asked, Paper, Party, SignedDetails, Size
from ipse.kernel.sealing import seal
from ipse.notices.model import Channel, Contact, NoticeKind
from ipse.people.model import Acceptance
from ipse.push.model import Kept
from ipse.signing.model import Credential, CredentialState, Result
from ipse.sim.model import Bound, Outcome, Possession, SimState
from ipse.storage.database import Database
from ipse.storage.statement import Transaction, run
from tests.functional.oidc.handsets import Handset
from tests.functional.portal.columns import NOT_COPIED
from tests.functional.portal.town import GIVEN, NUMBER, Town
from tests.functional.sessions.house import Browser, House

COLUMNS: Final = {
    "sqlite": 'select m.name as t, p.name as c, p.type as kind, p."notnull" as needed from sqlite_master m, '
    "pragma_table_info(m.name) p where m.type = 'table' and m.name not like 'sqlite%'",
    "postgresql": "select table_name as t, column_name as c, data_type as kind, "
    "case when is_nullable = 'NO' then 1 else 0 end as needed from information_schema.columns "
    "where table_schema = 'public'",
}
PROTECTED = (NUMBER, AskedAttribute("place_of_birth", required=False, protected=True))


def canary(*words: str) -> str:
    """A text that stands nowhere else."""
    return f"CANARY-{'-'.join(words)}".replace("_", "-")


@dataclass
class Life:
    """A person with a row in every table, and what was planted where."""

    house: House
    town: Town
    phone: Handset
    browser: Browser
    planted: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    """Canaries behind sealed columns, by table and column."""
    schema: dict[str, dict[str, tuple[str, bool]]] = field(default_factory=dict)

    @property
    def database(self) -> Database:
        return self.house.scheme.database

    @property
    def ids(self) -> dict[str, str]:
        """By which their rows are found."""
        return {"account_id": self.phone.account_id, "phone_id": self.phone.state.phone or ""}

    def sealed(self, table: str, column: str, *words: str) -> str:
        """A new canary behind a sealed column."""
        text = canary(table, column, *words)
        self.planted.setdefault((table, column), []).append(text)
        return text

    async def live(self) -> None:
        """All of it, the outbox last: what waits to be sent still holds its canaries."""
        for row in await self.database.rows(COLUMNS[self.database.engine]):
            self.schema.setdefault(row["t"], {})[row["c"]] = (row["kind"].lower(), bool(row["needed"]))
        key = await self.house.scheme.people.person_key(self.phone.account_id)
        await self._be_known(key)
        await self._use_it()
        await self._prepare(key)
        await self._sign(key)
        await self._bring_documents(key)
        await self._move()
        await self._fill()

    async def _be_known(self, key: bytes) -> None:
        attributes, now = self.house.works.features.attributes, self.house.clock.now()
        account_id, evidence_id = self.phone.account_id, "evidence-of-the-life"

        def said(name: str) -> str:
            return self.sealed("attributes_documents", "sealed", name)

        facts = Facts(
            family_name=said("family"), given_name=said("given"), birthdate="1990-01-01",
            birthdate_as_string=said("birth"), official_gender=said("official"), gender=said("gender"),
            nationalities=("BEL",), citizenship=said("citizenship"), place_of_birth=Place(city=said("city")),
            address=Address(formatted=said("address"), locality=said("locality")),
            document=Document(kind="ID", country="BE", number=said("document"), issuer=said("issuer")),
            national_number=NationalNumber(country="BE", value=said("national")), card_number=said("card"),
            photo=Picture(format="image/png", value=said("photo")), email=said("email"), phone_number=said("phone"),
            stated_phone_number=said("stated"),
            sources={"email": Source(registrar="person", evidence=None, verified_at=now)},
        )  # fmt: skip
        record = self._record(evidence_id, "attributes_evidence", "sealed", now)
        accepted = Acceptance(*(canary("people_acceptances", name) for name in ("kind", "version", "lang", "sha256")))

        def keeping() -> Transaction[None]:
            yield from attributes.keeping(account_id, key, facts, record, now)
            yield from run(
                "insert into people_acceptances (account_id, kind, version, language, sha256, accepted_at) "
                "values ($1, $2, $3, $4, $5, $6)",
                account_id, accepted.kind, accepted.version, accepted.language, accepted.sha256, now,
            )  # fmt: skip

        await self.database.transact(keeping)

    def _record(self, evidence_id: str, table: str, column: str, now: int) -> Evidence:
        return Evidence(
            evidence_id=evidence_id, registrar=canary(table, "registrar"), route="bank",
            adapter=self.sealed(table, column, "adapter"), assurance="high",
            trust_framework=self.sealed(table, column, "framework"), process=self.sealed(table, column, "process"),
            references=(self.sealed(table, column, "reference"),), source_check=self.sealed(table, column, "source"),
            result="accepted", verified_at=now, received_at=now, expires_at=now + 10**14,
            original=self.sealed(table, column, "original"),
        )  # fmt: skip

    async def _use_it(self) -> None:
        words = ("actions_actions", "sealed_shown")
        terms = Agreement(self.sealed(*words, "title"), self.sealed(*words, "text"))
        await self.town.settle("shop", "The Shop")
        action = await self.town.asks(self.phone, "shop", GIVEN, *PROTECTED, content=(terms,))
        self.planted["actions_actions", "sealed_approval"] = ["192.0.2.1"]  # where the phone was
        await self.town.asks(self.phone, "bank", outcome="declined")
        await self.browser.send(f"/portal/history/{action}/not-me")
        await self.town.approved(self.browser, "/portal/data", self.phone, do="open")
        await self.browser.send("/portal/partners/shop", do="withdraw")
        await self.house.works.features.actions.fraud.browsers.trust(
            self.phone.account_id,
            "t" * 43,
            user_agent="Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0",
            place=self.sealed("fraud_browsers", "sealed_about", "place"),
        )
        await self.plant("fraud_starts")
        await self.plant("oidc_discoveries")

    async def _prepare(self, key: bytes) -> None:
        features, account_id = self.house.works.features, self.phone.account_id
        await self.phone.panic_sheet(contact=self.sealed("panic_sheets", "sealed_name"))
        prepared = await features.fallback.setups.prepare(account_id, Method.TOTP)
        for statement in prepared.statements:
            await self.database.rows(statement.text, *statement.values)
        self.planted["fallback_setups", "sealed"] = [prepared.told["name"]]
        await self.plant("fallback_passkeys")
        await self.plant("fingerprints_credentials")
        kept = Kept(f"https://push.example/{self.sealed('push_subscriptions', 'sealed')}", _POINT, "A" * 22)
        sealed = seal(
            self.house.scheme.keys.working_key("push"), msgspec.json.encode(kept),
            table="push_subscriptions", row=self.ids["phone_id"], column="sealed",
        )  # fmt: skip
        await self.plant("push_subscriptions", sealed=sealed)
        number = self.sealed("sim_watches", "sealed_number")
        outcome = Outcome(possession=Possession.NONE, sim_state=SimState.READY, operator_id="operator-of-the-life")
        now = self.house.clock.now()

        def binding() -> Transaction[None]:
            yield from features.sims.watches.binding(
                account_id, key, self.ids["phone_id"], Bound(number=number, outcome=outcome), now=now
            )
            before = (Contact(Channel.MAIL, self.sealed("notices_notices", "sealed", "before")),)
            facts = {"why": self.sealed("notices_notices", "sealed", "fact")}
            yield from features.messages.notices.telling(
                account_id, NoticeKind.NUMBER_CHANGED, now=now, facts=facts, before=before
            )

        await self.database.transact(binding)
        told = await self.database.row(
            "select notice_id from notices_notices where account_id = $1 and kind = 'number_changed'", account_id
        )
        assert told is not None
        sent = {"channel": "sms", "place": "before", "state": "sent"}
        await self.plant("notices_sendings", notice_id=told["notice_id"], **sent)

    async def _sign(self, key: bytes) -> None:
        credentials, now = self.house.works.features.signing.credentials, self.house.clock.now()
        credential = Credential(
            credential_id="credential-of-the-life", account_id=self.phone.account_id, phone_id=self.ids["phone_id"],
            state=CredentialState.MAKING, why=None, algorithm="P-256", attested=True, certificates=(), created_at=now,
            valid_until=None, serial="", profile="person",
        )  # fmt: skip
        await credentials.make(credential, self.sealed("signing_credentials", "sealed_request").encode())
        other = msgspec.structs.replace(credential, credential_id="other-of-the-life")
        await credentials.make(other, b"request")
        made = self.sealed("signing_credentials", "sealed_certificates").encode()
        await credentials.certify(other, (made,), serial=canary("serial"), valid_until=now + 10**14)
        result = Result(
            credential=self.sealed("signing_requests", "sealed_result"), subject="s", signature=None, signatures=(),
            approved_at=now, level="high",
        )  # fmt: skip
        sealed = seal(
            key, msgspec.msgpack.encode(result), table="signing_requests", row="action-of-the-life",
            column="sealed_result",
        )  # fmt: skip
        await self.plant("signing_requests", action_id="action-of-the-life", sealed_result=sealed)
        for table in ("csc_accounts", "csc_rounds", "csc_tokens", "csc_responses", "csc_prepared"):
            await self.plant(table)

    async def _bring_documents(self, key: bytes) -> None:
        vault, now = self.house.works.features.doors.deleting.vault, self.house.clock.now()
        envelope, document, signer = "envelope-of-the-life", "document-of-the-life", "signer-of-the-life"
        own, sealed_key = await vault.new_key(self.phone.account_id, envelope)
        about = About(
            title=self.sealed("envelopes_envelopes", "sealed_about"), language="en", message=canary("message")
        )
        paper = Paper(
            self.sealed("envelopes_documents", "sealed_about"), (Size(1, 1),), digest="d", bytes=9, notes=("note",)
        )
        party = Party(name=self.sealed("envelopes_signers", "sealed_about"), email=canary("party", "email"))
        blob = await vault.keep(own, envelope, self.sealed("envelopes_pieces", "sealed").encode())
        signed = SignedDetails(
            name=self.sealed("envelopes_steps", "sealed_details"), issuer="i", serial="s", quality="test",
            attested=True, level="high", approved_at=now, action="a", documents=(),
        )  # fmt: skip
        asked = Asked(language=self.sealed("envelopes_attempts", "sealed_asked"))
        put = envelopes.sealed
        await self.plant(
            "envelopes_envelopes", envelope_id=envelope, state="open", sealed_key=sealed_key,
            sealed_about=put(own, "envelopes", envelope, about), delete_at=now + 10**15, deadline=now + 10**15,
            pen_until=now + 10**15,
        )  # fmt: skip
        await self.plant(
            "envelopes_documents", document_id=document, envelope_id=envelope, blob_id=blob,
            sealed_about=put(own, "documents", document, paper), raised_at=now + 10**15,
        )  # fmt: skip
        await self.plant(
            "envelopes_signers", signer_id=signer, envelope_id=envelope, state="signed",
            sealed_about=put(own, "signers", signer, party),
        )  # fmt: skip
        await self.plant(
            "envelopes_attempts", attempt_id="attempt-of-the-life", envelope_id=envelope, signer_id=signer,
            kind="signature", state="done", sealed_asked=put(own, "attempts", "attempt-of-the-life", asked),
        )  # fmt: skip
        await self.plant(
            "envelopes_steps", step_id="step-of-the-life", envelope_id=envelope, signer_id=signer, kind="signed",
            sealed_details=put(own, "steps", "step-of-the-life", envelopes.Details(signed)),
        )  # fmt: skip

    async def _move(self) -> None:
        vault, enrolment = self.house.works.features.enrolments.rows.vault, "enrolment-of-the-life"

        def said(column: str) -> str:
            return self.sealed("enrolment_enrolments", column)

        request = EnrolRequest(
            language="en", phone_number=said("sealed_request"), registrar="bank", accepted=(),
            app=AppVersion(name="app", version="1"), email=canary("enrol"),
        )  # fmt: skip
        record = self._record("e", "enrolment_enrolments", "sealed_answer", self.house.clock.now())
        answer = Answered(
            facts=Facts(family_name=said("sealed_answer")), evidence=record, identity="i", number_verified=True,
            value="v",
        )  # fmt: skip
        await self.plant(
            "enrolment_enrolments", enrolment_id=enrolment, kind="renewal", state="presented",
            sealed_request=vault.put(request, row=enrolment, column="sealed_request"),
            sealed_answer=vault.put(answer, row=enrolment, column="sealed_answer"),
        )  # fmt: skip
        await self.plant("mobile_pairings", state="done")
        await self.plant("console_calls")
        await self.plant("console_views")

    async def plant(self, table: str, **known: object) -> None:
        """A row of theirs: what is known, their ids, and a canary or a time in every other column."""
        values: dict[str, object] = {}
        for number, (column, (kind, _)) in enumerate(self.schema[table].items()):
            if column in known:
                values[column] = known[column]
            elif column in {"account_id", "phone_id", "old_phone_id"}:
                values[column] = self.ids[column.removeprefix("old_")]
            elif kind == "bigint":
                values[column] = self.house.clock.now() + 10**12 + number if column.endswith(("_at", "until")) else 7
            else:
                text = canary(table, column)
                values[column] = text.encode() if kind in {"bytea", "blob"} else text
        places = ", ".join(f"${number}" for number in range(1, len(values) + 1))
        await self.database.rows(f"insert into {table} ({', '.join(values)}) values ({places})", *values.values())

    async def _fill(self) -> None:
        """Columns of rows that life has made, and that no row of theirs has filled: a canary, or a moment."""
        for table, columns in self.schema.items():
            where = self.theirs(table)
            if not where:
                continue
            for column, (kind, _) in columns.items():
                left_out = column in NOT_COPIED.get(table, {})
                if left_out or column.startswith("sealed") or kind in {"bytea", "blob"}:
                    continue
                rows = await self.database.rows(f"select {column} as v from {table} where {where}")
                if rows and all(row["v"] is None for row in rows):
                    value: Any = self.house.clock.now() + 10**12 if kind == "bigint" else canary(table, column)
                    await self.database.rows(f"update {table} set {column} = $1 where {where}", value)

    def theirs(self, table: str) -> str:
        """Which rows of a table are theirs, as SQL; empty where the table names nobody."""
        account, columns = f"'{self.ids['account_id']}'", self.schema[table]
        hangs = {
            "audit_lines": f"subject = {account}",
            "envelopes_pieces": "blob_id in (select blob_id from envelopes_blobs where envelope_id = '"
            "envelope-of-the-life')",
            "notices_sendings": f"notice_id in (select notice_id from notices_notices where account_id = {account})",
        }
        if table in hangs or "account_id" in columns:
            return hangs.get(table, f"account_id = {account}")
        if table.startswith("envelopes_") and "envelope_id" in columns:
            return f"envelope_id in (select envelope_id from envelopes_envelopes where account_id = {account})"
        return f"phone_id = '{self.ids['phone_id']}'" if "phone_id" in columns else ""


_POINT: Final = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
"""A point on P-256 (RFC 8291, appendix A), as a push subscription holds one."""
