"""Documents: each is read, drawn, prepared and finished in a worker process of its own."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from ipse.documents.errors import DocumentTooLarge
from ipse.documents.model import Aim, Ask, Enclosure, Evidence, Finished, Inspected, Placing, Prepared, Statement
from ipse.documents.requests import Draw, Drawn, Finish, Gather, Inspect, PrepareAsic, PrepareCades, PreparePdf, Upgrade
from ipse.documents.worker.confinement import Confined
from ipse.documents.workers import Workers
from ipse.kernel.settings.parts import Papers

Answer = TypeVar("Answer", bound=msgspec.Struct)


class Documents:
    """Hands files to workers. Built once; `stop` before the event loop ends.

    Every method raises DocumentUnreadable, DocumentTooLarge, DocumentTakesTooLong and DocumentsUnavailable.
    """

    def __init__(self, papers: Papers) -> None:
        self._papers = papers
        self._workers = Workers(papers)

    async def start(self) -> None:
        """Have workers at hand; else the first job waits for a second or two."""
        await self._workers.start()

    async def stop(self) -> None:
        """End every worker."""
        await self._workers.stop()

    @property
    def confined(self) -> frozenset[Confined] | None:
        """Which walls stood around the last worker; None: there was none yet."""
        return self._workers.confined

    async def run(
        self,
        job: str,
        request: msgspec.Struct,
        answer: type[Answer],
        ask: Ask | None = None,
        *,
        stranger: bool = False,
    ) -> Answer:
        """Do one job in a worker: the way for packages that bring a job of their own (`JOBS` in `worker.jobs`).

        `stranger`: somebody whom nobody knows asks for it; where there are two workers or more, one is left to others.
        """
        return await self._workers.run(job, request, answer, ask, stranger=stranger)

    async def inspect(self, pdf: bytes) -> Inspected:
        """What a PDF is, and what forbids signing it."""
        self._check_size(pdf)
        return await self.run("inspect", Inspect(pdf, self._papers.most_pages), Inspected)

    async def page(self, pdf: bytes, number: int, width: int) -> bytes:
        """A page (from 1) as a PNG picture of that many pixels across."""
        self._check_size(pdf)
        return (await self.run("draw", Draw(pdf, number, width, self._papers.most_pages), Drawn)).png

    async def prepare_pdf(self, pdf: bytes, statement: Statement, placing: Placing | None = None) -> Prepared:
        """PAdES, up to the signature value.

        Raises:
            DocumentNotSignable: `problems` says what forbids it.
        """
        self._check_size(pdf)
        return await self.run("prepare_pdf", PreparePdf(pdf, statement, placing, self._papers.most_pages), Prepared)

    async def finish_pdf(self, state: bytes, signature: bytes, aim: Aim, ask: Ask) -> Finished:
        """PAdES with the signature value, as far towards the aim as evidence can be had now.

        The same state and signature can be finished again.

        Raises:
            SignatureUnfit: the value is not by the certificate's key over what was prepared.
        """
        return await self.run("finish_pdf", Finish(state, signature, aim), Finished, ask)

    async def upgrade_pdf(self, pdf: bytes, aim: Aim, ask: Ask) -> Finished:
        """Bring the last signature of a PDF further towards the aim."""
        return await self.run("upgrade_pdf", Upgrade(pdf, aim), Finished, ask)

    async def prepare_cades(self, digest: bytes, statement: Statement, *, pades: bool = False) -> Prepared:
        """A detached CAdES signature over any file, of which only the digest (by `statement.hash`) is needed.

        `pades`: with the attributes of PAdES, for a partner who puts it into a PDF.
        """
        return await self.run("prepare_cades", PrepareCades(digest, statement, pades), Prepared)

    async def finish_cades(self, state: bytes, signature: bytes, aim: Aim, ask: Ask) -> Finished:
        """The CMS in DER: B-B or B-T.

        Raises:
            SignatureUnfit: the value is not by the certificate's key over what was prepared.
        """
        return await self.run("finish_cades", Finish(state, signature, aim), Finished, ask)

    async def prepare_asic(self, content: tuple[Enclosure, ...] | bytes, statement: Statement) -> Prepared:
        """XAdES in ASiC-E: over files, or one more signature in a container that exists.

        Raises:
            DocumentNotSignable: names that no container can hold.
        """
        self._check_size(content if isinstance(content, bytes) else b"".join(file.content for file in content))
        files, container = ((), content) if isinstance(content, bytes) else (content, b"")
        return await self.run("prepare_asic", PrepareAsic(files, container, statement), Prepared)

    async def finish_asic(self, state: bytes, signature: bytes, aim: Aim, ask: Ask) -> Finished:
        """The container: B-B to B-LT.

        Raises:
            SignatureUnfit: the value is not by the certificate's key over what was prepared.
        """
        return await self.run("finish_asic", Finish(state, signature, aim), Finished, ask)

    async def upgrade_asic(self, container: bytes, aim: Aim, ask: Ask) -> Finished:
        """Bring the last signature of a container further towards the aim."""
        return await self.run("upgrade_asic", Upgrade(container, aim), Finished, ask)

    async def evidence(self, certificates: tuple[bytes, ...], aim: Aim, ask: Ask) -> Evidence:
        """Certificates and revocation answers that judging a signer takes, for a partner who finishes alone."""
        return await self.run("evidence", Gather(certificates, aim), Evidence, ask)

    def _check_size(self, content: bytes) -> None:
        if len(content) > self._papers.most_bytes:
            raise DocumentTooLarge(f"{len(content)} bytes")
