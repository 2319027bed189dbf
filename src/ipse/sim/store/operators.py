"""Table `sim_operators`."""

from __future__ import annotations

from typing import Final

import msgspec

from ipse.sim.model import Operator, OperatorState
from ipse.standards.camara import Api
from ipse.storage.statement import Row

_COLUMNS: Final = """operator_id, name, country, prefixes, issuer, api_root, client_id, apis, cap,
  timeout_milliseconds, state"""
_SELECT: Final = "select " + _COLUMNS + " from sim_operators"  # noqa: S608 - constants

ALL: Final = _SELECT + " order by operator_id"
ADD: Final = """
insert into sim_operators (operator_id, name, country, prefixes, issuer, api_root, client_id, apis, cap,
  timeout_milliseconds, state, created_at, changed_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)
returning operator_id
"""
CHANGE: Final = """
update sim_operators set name = $2, country = $3, prefixes = $4, issuer = $5, api_root = $6, client_id = $7, apis = $8,
  cap = $9, timeout_milliseconds = $10, state = $11, changed_at = $12
where operator_id = $1
returning operator_id
"""

TURN: Final = "update sim_operators set state = $2, changed_at = $3 where operator_id = $1 returning " + _COLUMNS  # noqa: S608


def values(operator: Operator) -> tuple[object, ...]:
    """What `ADD` and `CHANGE` write, without the time."""
    return (
        operator.operator_id,
        operator.name,
        operator.country,
        msgspec.json.encode(operator.prefixes).decode(),
        operator.issuer,
        operator.api_root,
        operator.client_id,
        msgspec.json.encode(operator.apis).decode(),
        operator.cap,
        operator.timeout_milliseconds,
        str(operator.state),
    )


def read_operator(row: Row) -> Operator:
    """A row as a value."""
    return Operator(
        operator_id=row["operator_id"],
        name=row["name"],
        country=row["country"],
        prefixes=msgspec.json.decode(row["prefixes"], type=tuple[str, ...]),
        issuer=row["issuer"],
        api_root=row["api_root"],
        client_id=row["client_id"],
        apis=msgspec.json.decode(row["apis"], type=tuple[Api, ...]),
        cap=row["cap"],
        timeout_milliseconds=row["timeout_milliseconds"],
        state=OperatorState(row["state"]),
    )
