"""Tables `panic_sheets`, `panic_guesses`, `panic_telephones`."""

from __future__ import annotations

from ipse.panic.model import Telephone
from ipse.storage.statement import Row

ADD = """
insert into panic_sheets (sheet_id, account_id, holder, sealed_name, code_index, state, made_at, changed_at)
values ($1, $2, $3, $4, $5, 'active', $6, $6)
"""
VOID_OWN = """
update panic_sheets set state = 'void', changed_at = $2
where account_id = $1 and holder = 'person' and state = 'active'
returning sheet_id
"""
VOID = """
update panic_sheets set state = 'void', changed_at = $3
where sheet_id = $1 and account_id = $2 and state = 'active'
returning sheet_id
"""
SHEETS = """
select sheet_id, holder, sealed_name, made_at from panic_sheets
where account_id = $1 and state = 'active' order by made_at, sheet_id
"""
COPY = """
select sheet_id, holder, sealed_name, state, made_at, changed_at from panic_sheets where account_id = $1
order by made_at, sheet_id
"""
FORGET_SHEETS = "delete from panic_sheets where account_id = $1 returning sheet_id"
BY_CODE = "select sheet_id, account_id, state from panic_sheets where code_index = $1"
USE = """
update panic_sheets set state = 'used', changed_at = $2 where code_index = $1 and state = 'active'
returning sheet_id
"""
# One conditional statement counts a guess, over all processes; no row when there were too many since `begun_at`.
GUESS = """
insert into panic_guesses (bucket, begun_at, guesses) values ($1, $2, 1)
on conflict (bucket) do update set
  guesses = case when panic_guesses.begun_at <= $3 then 1 else panic_guesses.guesses + 1 end,
  begun_at = case when panic_guesses.begun_at <= $3 then excluded.begun_at else panic_guesses.begun_at end
where panic_guesses.begun_at <= $3 or panic_guesses.guesses < $4
returning guesses
"""
FORGET_GUESSES = "delete from panic_guesses where begun_at < $1 returning bucket"
ADD_TELEPHONE = """
insert into panic_telephones (telephone_id, name, token_hash, made_at) values ($1, $2, $3, $4)
"""
REMOVE_TELEPHONE = """
update panic_telephones set removed_at = $2 where telephone_id = $1 and removed_at is null returning telephone_id
"""
TELEPHONES = "select telephone_id, name, made_at, removed_at from panic_telephones order by made_at"
BY_TOKEN = "select telephone_id from panic_telephones where token_hash = $1 and removed_at is null"


def read_telephone(row: Row) -> Telephone:
    """A row as a value."""
    return Telephone(row["telephone_id"], row["name"], row["made_at"], row["removed_at"])
