"""CAdES signatures: a file of their own beside what they are over, or around it."""

from __future__ import annotations

import hashlib
from typing import Final

from asn1crypto import cms, core, pem

from ipse.documents.validation.chains import Chains, Knowledge, micros
from ipse.documents.validation.cms_signatures import Broken, CmsSignature, check, each_signer, load_signed_data
from ipse.documents.validation.model import Changes, Indication, Judgement, Question, Reason, Sub, Why
from ipse.documents.validation.signers import baseline, signer_of
from ipse.documents.validation.stamps import Proof, forged_stamp, judge_signer, prove

MOST_SIGNERS: Final = 20
_HASHES: Final = frozenset({"sha1", "sha224", "sha256", "sha384", "sha512", "sha3_256", "sha3_384", "sha3_512"})


def is_signed_data(content: bytes) -> bool:
    """Whether it begins as a CMS message with signatures does."""
    start = _der(content)[:64]
    return start[:1] == b"\x30" and bytes.fromhex("06092a864886f70d010702") in start


async def judge_cades(question: Question, chains: Chains) -> list[Judgement]:
    """A judgement for each signer."""
    try:
        signed_data = load_signed_data(_der(question.content), padded=False)
    except Broken as broken:
        return [_refused(question.name, broken)]
    if len(signed_data["signer_infos"]) > MOST_SIGNERS:
        return [_refused(question.name, Broken(Sub.GENERIC, Why.TOO_MANY))]
    return [await _judge(question, chains, alone) for alone in each_signer(signed_data)]


async def _judge(question: Question, chains: Chains, signed_data: cms.SignedData) -> Judgement:
    try:
        digest, covered = _content(question, signed_data)
        signature = await check(signed_data, digest, chains.now)
    except Broken as broken:
        return _refused(question.name, broken)
    knowledge = Knowledge()
    knowledge.add(signature.knowledge)
    proof = await prove(signature.tokens, chains, knowledge, chains.now)
    timed = await judge_signer(signature.certificate, chains, knowledge, proof, signature.claimed_at)
    sub = timed.sub or forged_stamp(proof)
    name = question.detached_name if question.detached is not None else question.name
    return Judgement(
        name=question.name,
        format="CAdES" if signature.named else "CMS",
        level=_level(signature, proof),
        indication=Indication.PASSED if sub is None else sub.indication,
        sub=sub,
        reasons=(*timed.reasons, *proof.reasons),
        signer=signer_of(signature.certificate, chains.quality(signature.certificate, timed.chained)),
        claimed_at=None if signature.claimed_at is None else micros(signature.claimed_at),
        proven_at=None if proof.at is None else micros(proof.at),
        changes=Changes.NONE,
        covers=(name,) if name else (),
        commitment=signature.commitment,
        roles=signature.roles,
        policy=signature.policy,
        place=signature.place,
        timestamps=tuple(proof.stamps),
        signature_value=signature.value,
        certificate=signature.certificate.dump(),
        to_be_signed=signature.to_be_signed,
        content_digest=hashlib.sha256(covered).digest(),
        chain=tuple(each.dump() for each in timed.chained.path),
    )


def _content(question: Question, signed_data: cms.SignedData) -> tuple[bytes | None, bytes]:
    """The digest of what is covered (None: the message holds it), and it itself.

    Raises:
        Broken: it is not there, or there are two of it.
    """
    try:
        inside = signed_data["encap_content_info"]["content"]
        own = None if isinstance(inside, core.Void) else bytes(inside.native)
        name = signed_data["signer_infos"][0]["digest_algorithm"]["algorithm"].native
        kind = signed_data["encap_content_info"]["content_type"].native
    except (ValueError, KeyError, TypeError) as error:
        raise Broken(Sub.FORMAT_FAILURE, Why.MALFORMED) from error
    if kind != "data":
        raise Broken(Sub.FORMAT_FAILURE, Why.MALFORMED)
    if own is not None:
        if question.detached is not None and question.detached != own:
            raise Broken(Sub.HASH_FAILURE, Why.CONTENT_CHANGED)
        return None, own
    if question.detached is None:
        raise Broken(Sub.SIGNED_DATA_NOT_FOUND, Why.CONTENT_MISSING)
    if name not in _HASHES:
        raise Broken(Sub.CRYPTO_CONSTRAINTS_FAILURE, Why.WEAK_ALGORITHM)
    return hashlib.new(name, question.detached, usedforsecurity=False).digest(), question.detached


def _level(signature: CmsSignature, proof: Proof) -> str:
    return baseline(named=signature.named, stamped=proof.at is not None, evidence=signature.archived, archived=False)


def _der(content: bytes) -> bytes:
    if content.startswith(b"-----BEGIN"):
        try:
            return bytes(pem.unarmor(content)[2])
        except ValueError:
            return b""
    return content


def _refused(name: str, broken: Broken) -> Judgement:
    return Judgement(
        name=name,
        format="CAdES",
        indication=broken.sub.indication,
        sub=broken.sub,
        reasons=(Reason(broken.why),),
    )
