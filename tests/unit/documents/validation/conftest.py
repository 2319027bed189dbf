"""An authority, people with certificates, and a judge, once for all tests of this folder."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Protocol

import msgspec
import pytest

from ipse.documents.validation.judging import judge
from ipse.documents.validation.model import Anchors, Quality, Question, Validation
from tests.support.signed_papers import paper, sign_pdf
from tests.support.signing_authority import Authority, Holder, now


class Judge(Protocol):
    def __call__(
        self,
        content: bytes,
        *,
        detached: bytes | None = None,
        at: datetime | None = None,
        anchors: Anchors | None = None,
        authority: Authority = ...,
    ) -> Validation: ...


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority(now())


@pytest.fixture(scope="session")
def ada(authority: Authority) -> Holder:
    return authority.issue("Ada Peeters")


@pytest.fixture(scope="session")
def ben(authority: Authority) -> Holder:
    return authority.issue("Ben Maes")


@pytest.fixture(scope="session")
def signed(authority: Authority, ada: Holder) -> bytes:
    """A good PDF."""
    return sign_pdf(authority, ada, paper(), level="B-T")


@pytest.fixture(scope="session")
def judged(authority: Authority) -> Judge:
    def ask(
        content: bytes,
        *,
        detached: bytes | None = None,
        at: datetime | None = None,
        anchors: Anchors | None = None,
        authority: Authority = authority,
    ) -> Validation:
        own = Anchors(own=authority.anchors, sandbox=authority.marked, quality=Quality.TEST)
        question = Question(
            name="file",
            content=content,
            detached=detached,
            detached_name="" if detached is None else "content",
            anchors=anchors or own,
            now=int(((at or authority.now) + timedelta(minutes=1)).timestamp() * 1_000_000),
        )
        answer = asyncio.run(judge(question, authority))
        # As it comes out of a worker.
        return msgspec.msgpack.decode(msgspec.msgpack.encode(answer), type=Validation)

    return ask
