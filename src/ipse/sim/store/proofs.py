"""Table `sim_proofs`: each step is one conditional statement."""

from __future__ import annotations

from typing import Final

from ipse.phones.model import SimState
from ipse.sim.model import Possession, Proof, ProofState
from ipse.storage.statement import Row

_COLUMNS: Final = """proof_id, state, operator_id, possession, sim_state, sealed_number, sealed_exchange, sealed_code,
  code_sent_at, codes_sent, code_tries, expires_at"""
_SELECT: Final = "select " + _COLUMNS + " from sim_proofs"  # noqa: S608 - constants

BEGIN: Final = """
insert into sim_proofs (proof_id, number_index, sealed_number, state, possession, sim_state, codes_sent, code_tries,
  created_at, changed_at, expires_at)
values ($1, $2, $3, 'begun', $4, 'reduced', 0, 0, $5, $5, $6)
on conflict (proof_id) do nothing
returning proof_id
"""
PROOF: Final = _SELECT + " where proof_id = $1 and expires_at > $2"
MOVE: Final = """
update sim_proofs set state = $3, operator_id = $4, possession = $5, sim_state = $6, sealed_exchange = $7,
  changed_at = $8
where proof_id = $1 and state = $2 and expires_at > $8
returning proof_id
"""
# One exchange is answered once: whoever takes it away has it.
TAKE_EXCHANGE: Final = """
update sim_proofs set sealed_exchange = null, changed_at = $3
where proof_id = $1 and sealed_exchange = $2 and state = 'network' and expires_at > $3
returning proof_id
"""
# A code goes out when the last one is old enough ($3) and not too many went out ($4).
TAKE_SENDING: Final = """
update sim_proofs set state = 'code', codes_sent = codes_sent + 1, code_sent_at = $2, code_tries = 0,
  sealed_code = null, sealed_exchange = null, changed_at = $2
where proof_id = $1 and state in ('begun', 'network', 'code') and expires_at > $2
  and (code_sent_at is null or code_sent_at <= $3) and codes_sent < $4
returning codes_sent
"""
# Of one number, over all enrolments: how many codes went out since $2.
SENT_TO: Final = """
select coalesce(sum(codes_sent), 0) as sent from sim_proofs where number_index = $1 and code_sent_at > $2
"""
SENT: Final = "update sim_proofs set sealed_code = $2 where proof_id = $1 and codes_sent = $3 returning proof_id"
# It never went out: as if nobody had asked.
UNSENT: Final = """
update sim_proofs set state = 'begun', codes_sent = codes_sent - 1, code_sent_at = null
where proof_id = $1 and codes_sent = $2 and sealed_code is null
returning proof_id
"""
TAKE_TRY: Final = """
update sim_proofs set code_tries = code_tries + 1
where proof_id = $1 and state = 'code' and code_tries < $2 and expires_at > $3 and sealed_code is not null
returning code_tries
"""
FORGET: Final = "delete from sim_proofs where expires_at < $1 returning proof_id"


def read_proof(row: Row) -> Proof:
    """A row as a value."""
    return Proof(
        proof_id=row["proof_id"],
        state=ProofState(row["state"]),
        operator_id=row["operator_id"],
        possession=Possession(row["possession"]),
        sim_state=SimState(row["sim_state"]),
        sealed_number=bytes(row["sealed_number"]),
        sealed_exchange=None if row["sealed_exchange"] is None else bytes(row["sealed_exchange"]),
        sealed_code=None if row["sealed_code"] is None else bytes(row["sealed_code"]),
        code_sent_at=row["code_sent_at"],
        codes_sent=row["codes_sent"],
        code_tries=row["code_tries"],
        expires_at=row["expires_at"],
    )
