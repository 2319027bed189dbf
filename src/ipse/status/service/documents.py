"""What programs get: the board as JSON, the same signed, and the key to verify it with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from ipse.kernel.settings import SettingsError
from ipse.standards import jose
from ipse.status.model import Board, Check, State
from ipse.status.rules.uptime import measure, percent
from ipse.status.service.history import History
from ipse.status.settings import StatusSettings
from ipse.storage.private_files import read_private, write_private

VERSION: Final = 1
TYPE: Final = "ipse-status+jwt"
VALID_SECONDS: Final = 120
"""So long a signed document may be acted on."""
_KEYS: Final = "keys.json"
_ALG: Final = "ES256"


@dataclass(frozen=True, slots=True)
class Signer:
    """The status page's own key: of nobody else's use, so that it signs while the scheme is down."""

    key: jose.PrivateKey
    published: Mapping[str, Any]
    """The set of public keys."""

    @classmethod
    def of(cls, folder: Path) -> Signer:
        """The key in a folder; made where there is none. The first of the file signs, all are published.

        Raises:
            SettingsError: the file is damaged, or others can read it.
        """
        path = folder / _KEYS
        if not path.exists():
            made = jose.new_private_jwk(_ALG)
            write_private(path, msgspec.json.encode({"keys": [made]}), exclusive=True)
        try:
            known = msgspec.json.decode(read_private(path, what="the file"))["keys"]
            keys = jose.private_keys(known)
        except (msgspec.DecodeError, jose.JoseError, KeyError, TypeError) as error:
            raise SettingsError(f"{path} holds no keys; remove it, and partners must fetch the new one") from error
        return cls(keys[0], {"keys": [jose.public_jwk(jwk) for jwk in known]})

    def sign(self, claims: Mapping[str, Any], typ: str) -> str:
        """A compact JWS."""
        return jose.sign(claims, self.key, alg=_ALG, typ=typ)


@dataclass
class Documents:
    """The board for programs. Made once for each look."""

    settings: StatusSettings
    history: History
    signer: Signer
    _made: tuple[Board, dict[str, Any], str] | None = None

    def document(self, board: Board) -> dict[str, Any]:
        """As JSON."""
        return self._of(board)[1]

    def signed(self, board: Board) -> str:
        """The same as a signed token of this address."""
        return self._of(board)[2]

    def _of(self, board: Board) -> tuple[Board, dict[str, Any], str]:
        if self._made is None or self._made[0] is not board:
            document = self._build(board)
            claims = {"iss": self.settings.address, "iat": board.at, "exp": board.at + VALID_SECONDS}
            self._made = (board, document, self.signer.sign(claims | document, TYPE))
        return self._made

    def _build(self, board: Board) -> dict[str, Any]:
        open_now = board.open_incidents()
        coming = [one for one in board.maintenance if one.cancelled_at is None and one.ends_at > board.at]
        return {
            "format": "ipse-status",
            "version": VERSION,
            "scheme": self.settings.name,
            "environment": self.settings.environment,
            "at": board.at,
            "severity": board.severity,
            "components": [self._component(board, state) for state in board.states],
            "incidents": [
                {
                    "id": one.id,
                    "state": one.state,
                    "impact": one.impact,
                    "title": one.title,
                    "components": one.components,
                    "started_at": one.started_at,
                    "changed_at": one.changed_at,
                    "address": f"{self.settings.address}/incidents/{one.id}",
                }
                for one in open_now
            ],
            "maintenance": [
                {
                    "id": one.id,
                    "title": one.title,
                    "components": one.components,
                    "starts_at": one.starts_at,
                    "ends_at": one.ends_at,
                }
                for one in coming
            ],
            "sources": [
                {"name": source.name, "written_at": source.written_at, "silent": source.is_silent}
                for source in board.sources
            ],
        }

    def _component(self, board: Board, state: State) -> dict[str, Any]:
        start = month_start(self.settings, board.at)
        uptime = measure(self.history.of(state.component), board.maintenance, state.component, start, board.at)
        return {
            "id": state.component,
            "kind": state.kind,
            "name": state.name,
            "severity": state.severity,
            "since": state.since,
            "why": state.why,
            "checks": [_check(name, check) for name, check in state.checks.items()],
            "requests": {"total": state.requests.total, "failed": state.requests.failed} if state.requests else None,
            "month": {"uptime": percent(uptime), "target": self.settings.target, "down_seconds": uptime.down},
        }


def _check(name: str, check: Check) -> dict[str, Any]:
    return {
        "name": name,
        "severity": check.severity,
        "certainty": check.certainty,
        "since": check.since,
        "at": int(check.last.at) if check.last else None,
        "milliseconds": check.last.milliseconds if check.last else None,
        "steps": check.last.steps if check.last else {},
        "reason": check.reason,
    }


def month_start(settings: StatusSettings, at: int) -> int:
    """The first second of the month that a moment is in."""
    moment = datetime.fromtimestamp(at, settings.zone)
    return int(moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp())
