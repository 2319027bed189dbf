"""One authority, one set of workers and their referees for each file of tests."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from ipse.documents.model import Aim, Finished, Level, Placing, Statement
from ipse.documents.service import Documents
from ipse.kernel.settings.parts import Papers
from tests.functional.documents.authority import Authority, Signer
from tests.functional.documents.referees import Referees


def now() -> int:
    return time.time_ns() // 1000


@dataclass(frozen=True)
class Desk:
    """Prepares, signs and finishes with an authority."""

    documents: Documents
    authority: Authority

    def aim(self, level: Level) -> Aim:
        return Aim(level=level, authorities=self.authority.authorities, at=now())

    async def sign_pdf(
        self, pdf: bytes, signer: Signer, level: Level, placing: Placing | None = None, **more: Any
    ) -> Finished:
        statement = Statement(certificates=signer.certificates, claimed_at=now(), **more)
        prepared = await self.documents.prepare_pdf(pdf, statement, placing)
        signature = signer.sign(prepared.digest, statement.hash)
        return await self.documents.finish_pdf(prepared.state, signature, self.aim(level), self.authority)


@pytest.fixture(scope="session")
def certified() -> Iterator[Authority]:
    """Keys and certificates, made once, which name a port where OCSP and lists are served."""
    authority = Authority()
    server = authority.serve()
    _ = authority.elliptic, authority.rsa, authority.responder, authority.stamper
    yield authority
    server.shutdown()
    server.server_close()


@pytest.fixture
def authority(certified: Authority) -> Authority:
    """The same authority, in good order again."""
    certified.delay = type(certified.delay)()
    certified.down.clear()
    certified.revoked.clear()
    certified.asked.clear()
    return certified


@pytest.fixture(scope="session")
def referees(certified: Authority, tmp_path_factory: pytest.TempPathFactory) -> Referees:
    return Referees(certified, tmp_path_factory.mktemp("referees"))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def documents() -> AsyncIterator[Documents]:
    documents = Documents(Papers(worker_seconds=10, workers=2))
    yield documents
    await documents.stop()


@pytest.fixture
def desk(documents: Documents, authority: Authority) -> Desk:
    return Desk(documents, authority)
