"""Use cases of the CSC API.

`rounds`: the authorization endpoint. `tokens`: codes for tokens. `credentials`, `signatures`: the methods. `responses`:
what is asked asynchronously. `Csc` is all of them, built once by the composition root.
"""

from __future__ import annotations

from dataclasses import dataclass

from ipse.csc.service.authentication import Asserted, Authentication
from ipse.csc.service.credentials import Credentials
from ipse.csc.service.documents import KIND as DOCUMENTS
from ipse.csc.service.documents import Documents, Paper
from ipse.csc.service.ground import Ground
from ipse.csc.service.pushed import Pushed
from ipse.csc.service.responses import Responses
from ipse.csc.service.rounds import Rounds
from ipse.csc.service.signatures import KIND, Signatures
from ipse.csc.service.timestamps import Stamp, Timestamps
from ipse.csc.service.tokens import Tokens

__all__ = ["Asserted", "Csc", "Ground", "Paper", "Stamp", "build_csc"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Csc:
    """The CSC API of one installation."""

    ground: Ground
    authentication: Authentication
    pushed: Pushed
    rounds: Rounds
    tokens: Tokens
    credentials: Credentials
    signatures: Signatures
    responses: Responses
    timestamps: Timestamps
    documents: Documents


def build_csc(ground: Ground, *, asserted: Asserted, stamp: Stamp | None = None, paper: Paper | None = None) -> Csc:
    """Put the API together.

    `asserted` proves partners by their assertions; `stamp` asks the time-stamping authority, `paper` reads and
    writes documents (None: neither is here).
    """
    pushed, tokens, responses = Pushed(ground), Tokens(ground), Responses(ground)
    signatures = Signatures(ground, tokens, responses)
    documents = Documents(ground=ground, signatures=signatures, responses=responses, paper=paper)
    responses.performing |= {KIND: signatures.perform, DOCUMENTS: documents.perform}
    return Csc(
        ground=ground,
        authentication=Authentication(ground, asserted),
        pushed=pushed,
        rounds=Rounds(ground, pushed),
        tokens=tokens,
        credentials=Credentials(ground),
        signatures=signatures,
        responses=responses,
        timestamps=Timestamps(stamp),
        documents=documents,
    )
