"""The record of an envelope: who did what, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from ipse.envelopes import store
from ipse.envelopes.model import Full, SignedDetails, Step, StepKind
from ipse.envelopes.service.vault import Vault
from ipse.kernel.clock import text
from ipse.kernel.ids import b64u_decode
from ipse.kernel.sealing import UnsealError
from ipse.storage.statement import Transaction, run

log = structlog.get_logger("ipse.envelopes")


def adding(
    vault: Vault,
    key: bytes,
    envelope_id: str,
    kind: StepKind,
    *,
    now: int,
    signer_id: str | None = None,
    signed: SignedDetails | None = None,
) -> Transaction[None]:
    """Write a line inside the transaction of what it tells."""
    step_id = vault.ids.identifier()
    sealed = store.sealed(key, "steps", step_id, store.Details(signed, (kind, now, signer_id)))
    yield from run(store.ADD_STEP, step_id, envelope_id, signer_id, kind, now, sealed)


@dataclass(frozen=True)
class Record:
    """Reads it."""

    vault: Vault

    async def steps(self, full: Full) -> list[Step] | None:
        """Every line, oldest first; None where one of them was changed by somebody else: then none can be believed."""
        rows = await self.vault.database.rows(store.STEPS, full.envelope.envelope_id)
        try:
            return [store.read_step(row, full.key) for row in rows]
        except UnsealError:
            log.critical("envelopes.record_changed", envelope=full.envelope.envelope_id)
            return None

    async def of(self, full: Full) -> Mapping[str, Any]:
        """The record as programs read it. Times are UTC; digests are SHA-256, hexadecimal, of whole files."""
        names = {signer.signer_id: signer.party.name for signer in full.signers}
        envelope = full.envelope
        steps = await self.steps(full)
        digests = [await self.vault.digest(full.key, document.blob_id) for document in full.documents]
        return {
            "envelope": envelope.envelope_id,
            "title": envelope.about.title,
            "brought_by": envelope.about.sender,
            "state": str(envelope.state),
            "documents": [
                {
                    "name": document.paper.name,
                    "pages": document.paper.pages,
                    "brought": _hex(document.paper.digest),
                    "now": digest.hex(),
                    "level": document.level,
                }
                for document, digest in zip(full.documents, digests, strict=True)
            ],
            "changed_by_others": steps is None,
            "steps": [_line(full, step, names) for step in steps or ()],
        }


def _line(full: Full, step: Step, names: Mapping[str, str]) -> dict[str, Any]:
    line: dict[str, Any] = {"at": text(step.at), "what": str(step.kind)}
    if step.signer_id is not None:
        line["who"] = names.get(step.signer_id, "")
        if invited_as := next((each.party.invited_as for each in full.signers if each.signer_id == step.signer_id), ""):
            line["invited_as"] = invited_as
    if step.signed is None:
        return line
    signed = step.signed
    titles = {document.document_id: document.paper.name for document in full.documents}
    line["signature"] = {
        "certified_name": signed.name,
        "certificate_issuer": signed.issuer,
        "certificate_serial": signed.serial,
        "quality": signed.quality,
        "key_in_attested_phone": signed.attested,
        "identity_level": signed.level,
        "approved_at": text(signed.approved_at),
        "request": signed.action,
        **({"role": signed.role} if signed.role else {}),
        **({"reason": signed.reason} if signed.reason else {}),
        **({"commitment": signed.commitment} if signed.commitment else {}),
        "documents": [
            {"name": titles.get(document, ""), "shown": _hex(shown), "signed": _hex(made)}
            for document, shown, made in signed.documents
        ],
    }
    return line


def _hex(digest: str) -> str:
    return b64u_decode(digest).hex()
