"""One HTTP call to an operator: bounded in time and size, behind its gate, never following redirects (T-23)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import httpx

from ipse.sim.clients.gate import Gate, GateShut
from ipse.standards import camara
from ipse.standards.camara import CamaraError, Problem
from ipse.telemetry.calls import calling

LARGEST: Final = 65_536
_SERVER_ERROR: Final = 500


class Silence(Exception):
    """No answer in time, nonsense, or a fault at the operator. The text is for the log and repeats nothing of it."""


class Refusal(Exception):
    """The operator understood and refused."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer."""

    status: int
    media_type: str
    body: bytes


@dataclass(frozen=True)
class Wire:
    """Calls one operator."""

    operator_id: str
    http: httpx.AsyncClient
    gate: Gate
    seconds: float

    async def call(
        self,
        method: str,
        address: str,
        *,
        content: bytes | None = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Call and return the answer, whatever its status below 500.

        Raises:
            Silence: no answer, too late, too much, a fault at the operator; or it is not asked for a while.
        """
        try:
            async with self.gate.passing():
                return await self._answered(method, address, content, form, headers)
        except GateShut as error:
            raise Silence(f"{self.operator_id} is not asked for a while") from error

    async def _answered(
        self,
        method: str,
        address: str,
        content: bytes | None,
        form: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
    ) -> Reply:
        place = urlsplit(address).path
        try:
            with calling("mobile_operator") as call:
                async with asyncio.timeout(self.seconds):
                    reply = await self._read(method, address, content, form, headers)
                call.answered(reply.status)
        except TimeoutError as error:
            raise Silence(f"{self.operator_id} {place}: no answer in time") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Silence(f"{self.operator_id} {place}: {type(error).__name__}") from error
        if reply.status >= _SERVER_ERROR:
            raise Silence(f"{self.operator_id} {place}: answered {reply.status}")
        return reply

    async def _read(
        self,
        method: str,
        address: str,
        content: bytes | None,
        form: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
    ) -> Reply:
        async with self.http.stream(method, address, content=content, data=form, headers=headers) as response:
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > LARGEST:
                    raise Silence(f"{self.operator_id} {urlsplit(address).path}: answered too much")
            kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            return Reply(response.status_code, kind, bytes(body))


def refused(reply: Reply) -> Refusal:
    """What an answer says that is no success.

    Raises:
        Silence: it says nothing that the standard describes.
    """
    try:
        problem = camara.read(reply.body, Problem)
    except CamaraError as error:
        raise Silence(f"answered {reply.status} without a reason") from error
    return Refusal(reply.status, problem.code[:96])
