"""Judging as the job of a worker, which waits for its parent's answers without doing anything else."""

from __future__ import annotations

from ipse.documents.validation.judging import judge
from ipse.documents.validation.model import Question, Validation
from ipse.documents.worker.asking import Asking


async def validate(request: Question, asking: Asking) -> Validation:
    """Judge a file."""
    return await judge(request, _Waiting(asking))


class _Waiting:
    """Asks the parent, one thing after another."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    async def timestamp(self, digest: bytes) -> bytes:
        return self._asking.timestamp(digest)

    async def ocsp(self, certificate: bytes, issuer: bytes) -> bytes:
        return self._asking.ocsp(certificate, issuer)

    async def crl(self, url: str) -> bytes:
        return self._asking.crl(url)
