"""Time stamps (RFC 3161), and what a signature is worth at the time that they prove (EN 319 102-1 §5.4 to 5.6)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from asn1crypto import cms, core, tsp, x509
from pyhanko.sign.general import CMSExtractionError, SigningError
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import extract_certs_for_validation, validate_tst_signed_data
from pyhanko_certvalidator import ValidationContext

from ipse.documents.validation.algorithms import ALLOWED
from ipse.documents.validation.chains import Chained, Chains, Knowledge, Use, common_name, micros
from ipse.documents.validation.model import Indication, Reason, Sub, TimeStamp, Why

_CRYPTO: Final = frozenset({"CRYPTO_CONSTRAINTS_FAILURE", "CRYPTO_CONSTRAINTS_FAILURE_NO_POE"})
_TOLERANCE: Final = timedelta(minutes=1)
_PAST: Final = frozenset({Sub.OUT_OF_BOUNDS_NO_POE, Sub.TRY_LATER, Sub.REVOKED_NO_POE, Sub.REVOKED_CA_NO_POE})
"""What a proven time can mend."""


@dataclass(frozen=True)
class Token:
    """A time-stamp token, and over what it should be."""

    signed_data: cms.SignedData
    imprint: Callable[[str], bytes]
    """The digest of what it is over, by the name of the hash."""
    kind: str


@dataclass
class Proof:
    """What the time stamps of a signature prove."""

    at: datetime | None = None
    """The earliest time that holds."""
    stamps: list[TimeStamp] = field(default_factory=list)
    reasons: list[Reason] = field(default_factory=list)


async def prove(tokens: Sequence[Token], chains: Chains, knowledge: Knowledge, control: datetime) -> Proof:
    """Judge the tokens of one signature, as of `control`: now, or a later time stamp that covers them."""
    proof = Proof()
    for token in tokens:
        stamp, at = await judge_token(token, chains, knowledge, control)
        proof.stamps.append(stamp)
        if at is None:
            proof.reasons.append(Reason(stamp.reason or Why.STAMP_WRONG))
        elif proof.at is None or at < proof.at:
            proof.at = at
    return proof


async def judge_token(
    token: Token, chains: Chains, knowledge: Knowledge, control: datetime
) -> tuple[TimeStamp, datetime | None]:
    """A token, and the time that it proves; None: nothing."""
    info = token.signed_data["encap_content_info"]["content"]
    parsed = info.parsed if isinstance(info, core.ParsableOctetString) else None
    if not isinstance(parsed, tsp.TSTInfo):
        return _refused(token, None, "", (Sub.FORMAT_FAILURE, Why.STAMP_WRONG)), None
    at: datetime = parsed["gen_time"].native
    try:
        certificates = extract_certs_for_validation(token.signed_data)
        known = await validate_tst_signed_data(
            token.signed_data, untrusting(control), token.imprint, algorithm_policy=ALLOWED
        )
    except (SignatureValidationError, CMSExtractionError, SigningError, ValueError, KeyError, TypeError):
        return _refused(token, at, "", (Sub.FORMAT_FAILURE, Why.STAMP_WRONG)), None
    authority: x509.Certificate = certificates.signer_cert
    fault = _fault(known, parsed, control)
    if fault is None:
        own = Knowledge([*knowledge.certificates, *certificates.other_certs], knowledge.ocsps, knowledge.crls)
        chained = await chains.check(authority, own, control, Use.STAMPING)
        if chained.sub is not None and not _revoked_after(chained, at):
            fault = chained.sub, Why.STAMP_UNTRUSTED
    if fault is not None:
        return _refused(token, at, common_name(authority.subject), fault), None
    stamp = TimeStamp(
        at=micros(at), authority=common_name(authority.subject), indication=Indication.PASSED, kind=token.kind
    )
    return stamp, at


def _fault(known: dict[str, object], info: tsp.TSTInfo, control: datetime) -> tuple[Sub, Why] | None:
    """What is wrong with a token, whoever made it."""
    if not known["valid"]:
        return Sub.SIG_CRYPTO_FAILURE, Why.STAMP_WRONG
    if not known["intact"]:
        return Sub.HASH_FAILURE, Why.STAMP_OTHER_DATA
    if is_weak(known) or info["message_imprint"]["hash_algorithm"]["algorithm"].native in {"sha1", "md5"}:
        return Sub.CRYPTO_CONSTRAINTS_FAILURE, Why.WEAK_ALGORITHM
    if info["gen_time"].native > control + _TOLERANCE:
        return Sub.TIMESTAMP_ORDER_FAILURE, Why.STAMP_ORDER
    return None


@dataclass(frozen=True)
class Timed:
    """What came of a signer's certificate, with regard to the proven time."""

    sub: Sub | None
    reasons: tuple[Reason, ...]
    chained: Chained


async def judge_signer(
    certificate: x509.Certificate,
    chains: Chains,
    knowledge: Knowledge,
    proof: Proof,
    claimed: datetime | None,
) -> Timed:
    """Whether the certificate held when the signature existed at the latest."""
    now = await chains.check(certificate, knowledge, chains.now, Use.SIGNING)
    proven = proof.at
    if proven is not None and proven + _TOLERANCE < certificate.not_valid_before:
        return Timed(Sub.NOT_YET_VALID, (Reason(Why.STAMP_BEFORE_CERTIFICATE),), now)
    if now.sub is None:
        return Timed(None, (), now)
    if proven is None:
        return Timed(now.sub, _because(now, proof), now)
    if now.revoked_at is not None:
        return _revoked(now, now.revoked_at, proof, claimed)
    if now.sub in _PAST:
        then = await chains.check(certificate, knowledge, proven, Use.SIGNING)
        if then.path:
            return Timed(then.sub, () if then.sub is None else _because(then, proof), then)
    return Timed(now.sub, _because(now, proof), now)


def _revoked(now: Chained, at: datetime, proof: Proof, claimed: datetime | None) -> Timed:
    """A revocation does not reach back; and a signer who claims a time after it is believed."""
    if _revoked_after(now, proof.at or at):
        return Timed(None, (Reason(Why.REVOKED_LATER),), now)
    late = claimed is not None and claimed >= at
    sub = Sub.REVOKED if late and now.sub is Sub.REVOKED_NO_POE else now.sub
    return Timed(sub, _because(now, proof), now)


def forged_stamp(proof: Proof) -> Sub | None:
    """A time stamp that is over something else is a forgery; one that nobody believes only proves nothing."""
    for stamp in proof.stamps:
        if stamp.reason in {Why.STAMP_OTHER_DATA, Why.STAMP_WRONG, Why.STAMP_ORDER}:
            return stamp.sub
    return None


def untrusting(moment: datetime) -> ValidationContext:
    """A context in which nobody is believed: the chain is judged elsewhere."""
    return ValidationContext(trust_roots=[], moment=moment, algorithm_usage_policy=ALLOWED)


def is_weak(known: dict[str, object]) -> bool:
    """Whether the library's answer names an algorithm that proves nothing any more."""
    return getattr(known["trust_problem_indic"], "name", "") in _CRYPTO


def _because(chained: Chained, proof: Proof) -> tuple[Reason, ...]:
    reasons = [Reason(chained.why or Why.CHAIN)]
    if chained.sub in _PAST and not proof.stamps:
        reasons.append(Reason(Why.NO_STAMP))
    return tuple(reasons)


def _revoked_after(chained: Chained, proven: datetime) -> bool:
    return chained.revoked_at is not None and proven < chained.revoked_at


def _refused(token: Token, at: datetime | None, authority: str, fault: tuple[Sub, Why]) -> TimeStamp:
    sub, why = fault
    return TimeStamp(
        at=0 if at is None else micros(at),
        authority=authority,
        indication=sub.indication,
        sub=sub,
        reason=why,
        kind=token.kind,
    )
