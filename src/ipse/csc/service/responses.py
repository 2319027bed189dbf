"""What was asked asynchronously: done by whichever process comes first, kept until its time is over.

A job can be done again from its beginning at any moment: nothing it does counts twice. So a process that dies on the
way costs time, never a signature.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

import msgspec
import structlog

from ipse.csc.errors import AcceptedRequest, AccessDenied, CscError, InvalidHash, InvalidRequest, ServerError
from ipse.csc.model import AsyncResponse, Bearer, ResponseState, Round, Token
from ipse.csc.rules.reading import text
from ipse.csc.rules.signing import Operation
from ipse.csc.service.ground import Ground
from ipse.csc.store import responses as store
from ipse.csc.store import rounds
from ipse.kernel.clock import SECOND
from ipse.kernel.ids import b64u, sha256
from ipse.kernel.sealing import seal, unseal
from ipse.signing.errors import SigningUnavailable
from ipse.storage.errors import DatabaseUnavailableError
from ipse.web.outgoing import OutgoingError, OutgoingRefused

LOOK_SECONDS: Final = 30
"""So long one process has a job to itself."""
_TABLE: Final = "csc_responses"
_TOLD_ENDPOINT: Final = "csc response_uri"

log = structlog.get_logger("ipse.csc")


class Job(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is to be done. Kept sealed."""

    kind: str
    places: tuple[int, ...]
    """Which digests of the round."""
    response_id: str = ""
    response_uri: str = ""
    documents: tuple[dict[str, Any], ...] = ()
    """What is to be made of them."""
    validation_info: bool = False


Perform: TypeAlias = Callable[[Round, Job], Awaitable[dict[str, Any]]]


@dataclass
class Responses:
    """Asynchronous requests."""

    ground: Ground
    performing: dict[str, Perform] = field(default_factory=dict)
    """How each kind of job is done."""
    _working: set[asyncio.Task[None]] = field(default_factory=set)

    async def check(self, operation: Operation, service_code: str) -> None:
        """Whom we would tell is a server that the service has registered: its host stands in one of its addresses.

        Raises:
            InvalidRequest: else.
        """
        uri = operation.response_uri
        if not uri:
            return
        service = await self.ground.service(service_code)
        known = (*service.redirect_uris, *service.callback_urls) if service else ()
        try:
            self.ground.desk.outgoing.check(uri)
            allowed = urlsplit(uri)[:2] in {urlsplit(each)[:2] for each in known}
        except (OutgoingRefused, ValueError) as error:
            raise InvalidRequest("Invalid parameter response_uri") from error
        if not allowed:
            raise InvalidRequest("Invalid parameter response_uri", detail="not a server of this service")

    async def accept(self, found: Round, token: Token, job: Job, operation: Operation) -> dict[str, Any]:
        """Keep a job and begin with it; by which its result is asked for."""
        response_id = self.ground.ids.secret()
        hashed, now = sha256(response_id), self.ground.clock.now()
        job = msgspec.structs.replace(job, response_id=response_id, response_uri=operation.response_uri)
        until = now + operation.milliseconds * 1000
        sealed = self._sealed(hashed, "sealed_job", msgspec.json.encode(job))
        await self.ground.database.rows(
            store.ACCEPT, hashed, found.round_id, token.partner_id, token.account_id, sealed, now, until
        )
        self._begin(hashed)
        return {"responseID": response_id}

    async def polled(self, bearer: Bearer, members: Mapping[str, Any]) -> dict[str, Any]:
        """The result of a job.

        Raises:
            AcceptedRequest: not yet.
            InvalidRequest: no such job of this partner and person, or its time is over.
            CscError: it has failed so.
        """
        request_id = text(members, "requestID", longest=128)
        if members.get("userID") is not None:
            raise InvalidRequest("userID parameter SHALL be null")
        if not isinstance(members.get("clientData", ""), str):
            raise InvalidRequest("Invalid parameter clientData")
        row = await self.ground.database.row(store.BY_HASH, sha256(request_id))
        response = store.read_response(row) if row is not None else None
        own = (bearer.token.partner_id, bearer.token.account_id)
        if response is None or (response.partner_id, response.account_id) != own:
            raise InvalidRequest("Invalid parameter requestID")
        if response.until <= self.ground.clock.now():
            raise InvalidRequest("Invalid parameter requestID", detail="its time is over")
        if response.state is ResponseState.WAITING or response.sealed_result is None:
            raise AcceptedRequest
        octets = self._opened(response.response_hash, "sealed_result", response.sealed_result)
        result = msgspec.json.decode(octets, type=dict[str, Any])
        if response.state is ResponseState.FAILED:
            raise _error(result)
        return result

    async def work_due(self) -> int:
        """Look after jobs whose process has gone. A job of every process; how many there were."""
        rows = await self.ground.database.rows(store.DUE, self.ground.clock.now())
        for row in rows:
            await self._work(store.read_response(row).response_hash)
        return len(rows)

    async def forget(self) -> int:
        """Forget results and prepared documents whose time is over; how many results there were."""
        now = self.ground.clock.now()
        await self.ground.database.rows(store.FORGET_PREPARED, now)
        return len(await self.ground.database.rows(store.FORGET, now))

    async def close(self) -> None:
        """Stop; what is not done is done by the next process."""
        for task in list(self._working):
            task.cancel()
        await asyncio.gather(*self._working, return_exceptions=True)

    # --- between ---------------------------------------------------------------------------------------------

    def _begin(self, hashed: bytes) -> None:
        task = asyncio.get_running_loop().create_task(self._work(hashed))
        self._working.add(task)
        task.add_done_callback(self._working.discard)

    async def _work(self, hashed: bytes) -> None:
        now = self.ground.clock.now()
        if await self.ground.database.row(store.TAKE, hashed, now, now + LOOK_SECONDS * SECOND) is None:
            return
        row = await self.ground.database.row(store.BY_HASH, hashed)
        if row is None:
            return
        response = store.read_response(row)
        job = msgspec.json.decode(self._opened(hashed, "sealed_job", response.sealed_job), type=Job)
        try:
            state, result = ResponseState.DONE, await self._performed(response, job)
        except (SigningUnavailable, DatabaseUnavailableError):
            return  # again when it is due
        except CscError as error:
            state, result = ResponseState.FAILED, {"error": error.code, "error_description": error.public}
        except Exception as error:  # noqa: BLE001 - whatever it was, the partner is told that it failed
            log.error("csc.response_failed", round=response.round_id, error=type(error).__name__)  # noqa: TRY400 - no values
            failed = ServerError()
            state, result = ResponseState.FAILED, {"error": failed.code, "error_description": failed.public}
        sealed = self._sealed(hashed, "sealed_result", msgspec.json.encode(result))
        if await self.ground.database.row(store.FINISH, hashed, state, sealed) is not None and job.response_uri:
            await self._tell(response, job)

    async def _performed(self, response: AsyncResponse, job: Job) -> dict[str, Any]:
        row = await self.ground.database.row(rounds.BY_ID, response.round_id)
        if row is None:
            raise ServerError(detail="its round is gone")
        return await self.performing[job.kind](rounds.read_round(row), job)

    async def _tell(self, response: AsyncResponse, job: Job) -> None:
        """Say once that there is something to fetch; who misses it finds it by asking."""
        try:
            await self.ground.desk.outgoing.fetch(
                job.response_uri,
                method="POST",
                headers={"Content-Type": "application/json"},
                body=msgspec.json.encode({"responseID": job.response_id}),
                most_bytes=16_384,
            )
        except OutgoingError as error:
            self.ground.desk.log.refused(
                response.partner_id, "", _TOLD_ENDPOINT, "tell", "not_delivered", f"response_uri: {error.reason}"
            )

    def _sealed(self, hashed: bytes, column: str, octets: bytes) -> bytes:
        return seal(self.ground.key, octets, table=_TABLE, row=b64u(hashed), column=column)

    def _opened(self, hashed: bytes, column: str, sealed: bytes) -> bytes:
        return unseal(self.ground.key, sealed, table=_TABLE, row=b64u(hashed), column=column)


def _error(result: Mapping[str, Any]) -> CscError:
    """A kept failure as it was."""
    known = {kind.code: kind for kind in (InvalidRequest, AccessDenied, InvalidHash, ServerError)}
    return known.get(result["error"], ServerError)(result["error_description"])
