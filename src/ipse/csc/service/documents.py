"""Documents that get their signature here: prepared before the approval, finished after it.

A phone shows what is signed, and signature activation signs nothing else. What is signed for a document follows from
the document, the certificate and the time, so it must be known before the person is asked: `prepareDoc`, a method of
our own, makes it. Its digests go into the authorization details; `signDoc` with the same documents then finishes them.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import msgspec
import structlog

from ipse.csc.errors import InvalidHash, InvalidRequest, NotImplementedMethod, TemporarilyUnavailable
from ipse.csc.model import Bearer, Round, Token
from ipse.csc.rules import credentials as credential_rules
from ipse.csc.rules.documents import Source, check_key, read_sources
from ipse.csc.rules.reading import flag, maybe_text, text
from ipse.csc.rules.signing import read_operation
from ipse.csc.rules.texts import label
from ipse.csc.service.ground import Ground
from ipse.csc.service.responses import Job, Responses
from ipse.csc.service.signatures import Authorized, Signatures
from ipse.csc.store import responses as store
from ipse.documents.model import Aim, Ask, Certifying, Enclosure, Finished, Hash, Level, Missing, Prepared, Statement
from ipse.documents.service import Documents as Papers
from ipse.kernel.clock import SECOND
from ipse.kernel.ids import b64u
from ipse.kernel.sealing import seal, unseal
from ipse.signing.model import Concluded, Credential
from ipse.standards.signature_activation import HASH_ALGORITHMS
from ipse.storage.errors import DuplicateError

KIND: Final = "documents"
"""Of the jobs that are done asynchronously."""
PREPARED_SECONDS: Final = 3600
MOST_PREPARED: Final = 140
"""Documents of one person that may wait for one partner's authorization."""
_TABLE: Final = "csc_prepared"
_NAMES: Final = {"SHA-256": Hash.SHA_256, "SHA-384": Hash.SHA_384, "SHA-512": Hash.SHA_512}
_CONTAINED: Final = "document"
"""The name of a file in a container whose partner has not named it."""

log = structlog.get_logger("ipse.csc")


class Evidence(Ask, Protocol):
    """What workers may ask, and whom we believe."""

    @property
    def authorities(self) -> tuple[bytes, ...]:
        """DER: those that people's certificates come from, with their roots."""


@dataclass(frozen=True, slots=True)
class Paper:
    """Workers for documents, and their evidence."""

    papers: Papers
    evidence: Evidence


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A prepared document. Kept sealed."""

    format: str
    has_file: bool
    state: bytes


class _Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be finished."""

    digest: str
    level: Level


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """`signatures/prepareDoc` and `signatures/signDoc`."""

    ground: Ground
    signatures: Signatures
    responses: Responses
    paper: Paper | None

    async def prepare(self, bearer: Bearer, members: Mapping[str, Any]) -> dict[str, Any]:
        """What will be signed for each document, to be authorized within an hour.

        Raises:
            InvalidRequest: a member that does not fit, or a document that cannot be signed.
            PlatformError: documents cannot be read.
        """
        credential = await self.ground.credential(text(members, "credentialID"))
        now = self.ground.clock.now()
        if credential.account_id != bearer.token.account_id or not credential_rules.is_usable(credential, now):
            raise InvalidRequest("Invalid parameter credentialID")
        sources = read_sources(members)
        check_key(sources, credential.algorithm)
        names = {source.hash_algorithm for source in sources}
        if len(names) != 1:
            raise InvalidRequest("Invalid parameter hashAlgorithmOID", detail="one algorithm for all")
        await self._check_room(bearer.token, len(sources), now)
        told = []
        for place, source in enumerate(sources, 1):
            prepared = await self._prepared(source, credential, now)
            await self._keep(bearer.token, source, prepared)
            named = source.label or label("en", place, len(sources))
            told.append({"hash": b64encode(prepared.digest).decode(), "label": named})
        oid = HASH_ALGORITHMS[names.pop()][0]
        return {"documentDigests": told, "hashAlgorithmOID": oid, "expires_in": PREPARED_SECONDS}

    async def sign_doc(self, bearer: Bearer, members: Mapping[str, Any]) -> dict[str, Any]:
        """Finished documents and signatures, or where they will be.

        Raises:
            CscError: a member does not fit, or a document is not authorized, or not any more.
            SigningUnavailable, PlatformError: ask again; nothing was used up.
        """
        sources, operation = read_sources(members), read_operation(members)
        credential_id, sad = maybe_text(members, "credentialID"), maybe_text(members, "SAD")
        if not credential_id and not maybe_text(members, "signatureQualifier"):
            raise InvalidRequest("Missing (or invalid type) string parameter credentialID")
        if bearer.token.scope == "service" and not sad:
            raise InvalidRequest("Missing (or invalid type) string parameter SAD")
        authorized = await self.signatures.authorized(bearer, sad, credential_id)
        check_key(sources, authorized.credential.algorithm)
        places, wanted = await self._places(authorized, sources)
        with_info = flag(members, "returnValidationInfo")
        job = Job(
            kind=KIND,
            places=tuple(places),
            documents=tuple(msgspec.to_builtins(each) for each in wanted),
            validation_info=with_info,
        )
        if operation.asynchronous:
            await self.responses.check(operation, authorized.found.service_code)
            await self.signatures.give(authorized, places)
            return await self.responses.accept(authorized.found, authorized.token, job, operation)
        answer = await self.perform(authorized.found, job)
        await self.signatures.give(authorized, places)
        return answer

    async def perform(self, found: Round, job: Job) -> dict[str, Any]:
        """Finish what was approved. Doing it again gives the same signatures."""
        concluded = await self.signatures.concluded(found)
        wanted = [msgspec.convert(each, _Wanted) for each in job.documents]
        kept = [await self._kept(found.partner_id, concluded.account_id, each.digest) for each in wanted]
        files: list[str] = []
        values: list[str] = []
        for each, place, how in zip(kept, job.places, wanted, strict=True):
            if each is None:
                raise InvalidHash(detail="prepared too long ago")
            finished = await self._finished(each[1], concluded.signatures[place], how.level)
            target = files if each[1].has_file and each[1].format != "C" else values
            target.append(b64encode(finished.content).decode())
        log.info("csc.documents", round=found.round_id, count=len(wanted))
        answer: dict[str, Any] = {"DocumentWithSignature": files} if files else {}
        answer |= {"SignatureObject": values} if values else {}
        return answer | ({"validationInfo": await self._info(concluded)} if job.validation_info else {})

    # --- between ---------------------------------------------------------------------------------------------

    @property
    def _paper(self) -> Paper:
        if self.paper is None:
            raise NotImplementedMethod
        return self.paper

    async def _prepared(self, source: Source, credential: Credential, now: int) -> Prepared:
        papers = self._paper.papers
        statement = Statement(
            certificates=credential.certificates,
            claimed_at=now,
            hash=_NAMES[source.hash_algorithm],
            reason=source.properties.get("Reason", ""),
            place=source.properties.get("Location", ""),
            certifying=Certifying.FORMS if source.envelope == "Certification" else None,
        )
        if source.document is None or source.format == "C":
            return await papers.prepare_cades(source.digest, statement, pades=source.format == "P")
        if source.format == "P":
            return await papers.prepare_pdf(source.document, statement)
        enclosed = Enclosure(
            name=source.label or _CONTAINED, media_type="application/octet-stream", content=source.document
        )
        return await papers.prepare_asic((enclosed,), statement)

    async def _check_room(self, token: Token, count: int, now: int) -> None:
        row = await self.ground.database.row(store.MANY_PREPARED, token.partner_id, token.account_id, now)
        if row is not None and row["n"] + count > MOST_PREPARED:
            raise InvalidRequest("Numbers of signatures is too high", detail="too many documents wait already")

    async def _keep(self, token: Token, source: Source, prepared: Prepared) -> None:
        digest = b64u(prepared.digest)
        kept = _Kept(format=source.format, has_file=source.document is not None, state=prepared.state)
        sealed = seal(self.ground.key, msgspec.json.encode(kept), table=_TABLE, row=digest, column="sealed_state")
        until = self.ground.clock.now() + PREPARED_SECONDS * SECOND
        try:
            await self.ground.database.rows(
                store.PREPARE, token.partner_id, token.account_id, digest, source.name, sealed, until
            )
        except DuplicateError:
            log.debug("csc.prepared_before", partner=token.partner_id)

    async def _kept(self, partner_id: str, account_id: str, digest: str) -> tuple[str, _Kept] | None:
        """What was prepared for a digest: which source it was of, and how it is finished."""
        now = self.ground.clock.now()
        row = await self.ground.database.row(store.PREPARED, partner_id, account_id, digest, now)
        if row is None:
            return None
        sealed = bytes(row["sealed_state"])
        octets = unseal(self.ground.key, sealed, table=_TABLE, row=digest, column="sealed_state")
        return row["source_digest"], msgspec.json.decode(octets, type=_Kept)

    async def _places(self, authorized: Authorized, sources: Sequence[Source]) -> tuple[list[int], list[_Wanted]]:
        """Where each document stands among what was authorized.

        Raises:
            InvalidRequest: nothing that was authorized is a prepared document.
            InvalidHash: it is another document.
        """
        token, free = authorized.token, dict[str, list[int]]()
        digests = authorized.asked.digests
        for place, each in enumerate(digests):
            kept = await self._kept(token.partner_id, token.account_id, each.digest)
            if kept is not None and place not in authorized.given:
                free.setdefault(kept[0], []).append(place)
        if not free:
            raise InvalidRequest("documentDigests or documents are not authorized by the SAD")
        places, wanted = [], []
        for source in sources:
            left = free.get(source.name)
            if not left:
                raise InvalidHash
            place = left.pop(0)
            places.append(place)
            wanted.append(_Wanted(digest=digests[place].digest, level=source.level))
        return places, wanted

    async def _finished(self, kept: _Kept, signature: bytes, level: Level) -> Finished:
        papers, evidence = self._paper.papers, self._paper.evidence
        aim = self._aim(level)
        if not kept.has_file or kept.format == "C":
            finished = await papers.finish_cades(kept.state, signature, aim, evidence)
        elif kept.format == "P":
            finished = await papers.finish_pdf(kept.state, signature, aim, evidence)
        else:
            finished = await papers.finish_asic(kept.state, signature, aim, evidence)
        if finished.level.rank < level.rank and finished.missing is not Missing.FORMAT:
            raise TemporarilyUnavailable(detail=f"evidence: {finished.missing}")
        return finished

    async def _info(self, concluded: Concluded) -> dict[str, Any]:
        """What a partner needs who puts the signature into a document of its own."""
        certificates = concluded.credential.certificates
        found = await self._paper.papers.evidence(certificates, self._aim(Level.B_LT), self._paper.evidence)
        parts = {"ocsp": found.ocsps, "crl": found.crls, "certificates": found.certificates}
        return {name: [b64encode(der).decode() for der in ders] for name, ders in parts.items() if ders}

    def _aim(self, level: Level) -> Aim:
        return Aim(level=level, authorities=self._paper.evidence.authorities, at=self.ground.clock.now())
