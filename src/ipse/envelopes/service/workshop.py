"""What signing takes: documents' workers, the person's credential, and words in four languages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.x509.oid import NameOID

from ipse.actions.model import Action, Signature, SignatureDocument
from ipse.actions.service import Actions
from ipse.documents.model import Aim, Ask, Box, Finished, Level, Missing, Placing, Stamp, Statement
from ipse.documents.service import Documents
from ipse.envelopes.model import (
    DOOR,
    SERVICE,
    Attempt,
    Document,
    Full,
    PreparedDocument,
    SignedDetails,
    Signer,
)
from ipse.envelopes.rules import forms, marks
from ipse.envelopes.service.vault import Vault
from ipse.kernel.clock import SECOND, text
from ipse.kernel.ids import b64u, sha256
from ipse.sessions import PARTNER
from ipse.signing.errors import SigningUnavailable
from ipse.signing.model import Concluded, Credential, CredentialState, NewSigning
from ipse.signing.service import Signing
from ipse.web.languages import Texts

HASH: Final = "SHA-256"
_RAISE_AFTER_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Ready:
    """One document, prepared."""

    state: bytes
    digest: str
    file_digest: str


@dataclass(frozen=True, slots=True)
class MadeFile:
    """One signed document."""

    content: bytes
    level: str
    raised_at: int | None
    """When it is tried again to reach the level that is wanted; None: it has it, or never will."""


@dataclass(frozen=True, slots=True)
class Made:
    """What came of an approved attempt."""

    files: tuple[MadeFile, ...]
    details: SignedDetails


@dataclass(frozen=True)
class Workshop:
    """Everything between a document and its signature."""

    vault: Vault
    actions: Actions
    signing: Signing
    documents: Documents
    ask: Ask
    authorities: Callable[[], tuple[bytes, ...]]
    level: Level
    quality: str
    """`test`, `advanced` or `qualified`: what is said of every signature."""
    scheme: str
    texts: Mapping[str, Texts]

    async def ask_credential(self, full: Full, account_id: str, browser_hash: bytes, language: str) -> Action:
        """Ask the phone to let a signing key be made."""
        return await self.signing.begin(self._new(full, account_id, browser_hash, language, create=True))

    async def ask_signature(
        self,
        full: Full,
        signer: Signer,
        prepared: tuple[PreparedDocument, ...],
        *,
        account_id: str,
        browser_hash: bytes,
        language: str,
    ) -> Action:
        """Ask the phone for a signature over what was prepared."""
        credential = await self._credential(account_id)
        names = {document.document_id: document.paper.name for document in full.documents}
        signature = Signature(
            documents=tuple(
                SignatureDocument(names[each.document_id], each.digest, each.file_digest, each.document_id)
                for each in prepared
            ),
            hash_algorithm=HASH,
            sign_algorithm=credential.sign_algorithms[0],
            credential=credential.credential_id,
            description=full.envelope.about.title,
            role=signer.party.role,
            commitment=forms.COMMITMENTS[signer.party.commitment],
        )
        return await self.signing.begin(self._new(full, account_id, browser_hash, language, signature=signature))

    async def prepare(
        self, document: Document, signer: Signer, content: bytes, *, account_id: str, language: str
    ) -> Ready:
        """A document up to the signature value."""
        credential = await self._credential(account_id)
        now = self.vault.clock.now()
        party = signer.party
        statement = Statement(
            certificates=credential.certificates,
            claimed_at=now,
            commitment=forms.COMMITMENTS[party.commitment],
            role=party.role,
            reason="" if party.commitment else party.reason,
        )
        placing = self._placing(document, signer, credential, language, now)
        prepared = await self.documents.prepare_pdf(content, statement, placing)
        return Ready(prepared.state, b64u(prepared.digest), b64u(sha256(content)))

    async def finish(self, full: Full, attempt: Attempt, concluded: Concluded) -> Made:
        """The documents of an approved attempt, signed."""
        files, digests = [], []
        for prepared, value in zip(attempt.asked.documents, concluded.signatures, strict=True):
            state = await self.vault.content(full.key, prepared.prepared)
            finished = await self.documents.finish_pdf(state, value, self.aim(), self.ask)
            files.append(MadeFile(finished.content, str(finished.level), self.raised_at(finished)))
            digests.append((prepared.document_id, prepared.file_digest, b64u(sha256(finished.content))))
        signer = next(each for each in full.signers if each.signer_id == attempt.signer_id)
        certificate = x509.load_der_x509_certificate(concluded.credential.certificates[0])
        details = SignedDetails(
            name=_common_name(certificate.subject),
            issuer=_common_name(certificate.issuer),
            serial=f"{certificate.serial_number:x}",
            quality=self.quality,
            attested=concluded.credential.attested,
            level=concluded.level,
            approved_at=concluded.approved_at,
            action=attempt.action_id,
            documents=tuple(digests),
            role=signer.party.role,
            reason=signer.party.reason,
            commitment=signer.party.commitment,
        )
        return Made(tuple(files), details)

    def aim(self) -> Aim:
        """How far a signature is finished now."""
        return Aim(level=self.level, authorities=self.authorities(), at=self.vault.clock.now())

    def raised_at(self, finished: Finished) -> int | None:
        """When the rest is tried again."""
        if finished.level.rank >= self.level.rank or finished.missing in {None, Missing.REVOKED}:
            return None
        return self.vault.clock.now() + _RAISE_AFTER_SECONDS * SECOND

    async def _credential(self, account_id: str) -> Credential:
        credential = await self.signing.credential_of(account_id)
        if credential is None or credential.state is not CredentialState.ACTIVE:
            raise SigningUnavailable("no credential that can sign")
        return credential

    def _placing(
        self, document: Document, signer: Signer, credential: Credential, language: str, now: int
    ) -> Placing | None:
        mark = signer.party.marks.get(document.document_id) or marks.usual(document.paper, signer.place - 1)
        if not mark.visible:
            return None
        words, party = self.texts[language], signer.party
        said = words.text(f"envelopes.commitment.{party.commitment}") if party.commitment else party.reason
        lines = (text(now)[:16].replace("T", " ") + " UTC", party.role, said)
        name = _common_name(x509.load_der_x509_certificate(credential.certificates[0]).subject)
        stamp = Stamp(
            heading=words.text("envelopes.stamp.heading", scheme=self.scheme),
            name=name,
            lines=tuple(line for line in lines if line),
            mark=words.text("envelopes.stamp.test") if self.quality == "test" else "",
        )
        box = Box(page=mark.page, left=mark.left, top=mark.top, width=mark.width, height=mark.height)
        return Placing(stamp=stamp, box=box)

    def _new(
        self,
        full: Full,
        account_id: str,
        browser_hash: bytes,
        language: str,
        *,
        create: bool = False,
        signature: Signature | None = None,
    ) -> NewSigning:
        purpose = "envelopes.purpose.create" if create else "envelopes.purpose.sign"
        return NewSigning(
            partner_id=PARTNER,
            partner_name=self.scheme,
            service_code=SERVICE,
            service_name=self._in_all("envelopes.service"),
            purpose=self._in_all(purpose),
            create=create,
            signature=signature,
            account_id=account_id,
            protocol={"door": DOOR, "envelope": full.envelope.envelope_id, "language": language},
            browser_hash=browser_hash,
            language=language,
        )

    def _in_all(self, id_: str) -> dict[str, str]:
        return {language: texts.text(id_, scheme=self.scheme) for language, texts in self.texts.items()}


def _common_name(name: x509.Name) -> str:
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else ""
