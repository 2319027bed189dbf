"""Tables `keyring_sets` and `keyring_keys`."""

from __future__ import annotations

from ipse.keyring.model import Key
from ipse.keyring.rules import Times
from ipse.storage.statement import Row, Transaction, one, run

KEYS = """
select kid, key_set, generation, algorithm, purpose, sealed, made_at, published_at, current_at, leaves_at, gone_at
from keyring_keys order by key_set, generation desc, algorithm
"""
SETS = "select key_set, generation from keyring_sets"
BEGIN_SET = """
insert into keyring_sets (key_set, generation, changed_at) values ($1, 1, $2)
on conflict (key_set) do nothing returning key_set
"""
NEXT_GENERATION = """
update keyring_sets set generation = generation + 1, changed_at = $3
where key_set = $1 and generation = $2 returning generation
"""
ADD_KEY = """
insert into keyring_keys (kid, key_set, generation, algorithm, purpose, sealed, made_at, published_at, current_at,
  leaves_at, gone_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""
RETIRE = """
update keyring_keys set
  leaves_at = case when purpose = 'sig' then cast($3 as bigint) else cast($5 as bigint) end,
  gone_at = case when purpose = 'sig' then cast($4 as bigint) else cast($6 as bigint) end
where key_set = $1 and generation <= $2 and leaves_at is null
returning kid
"""
END = """
update keyring_keys set
  leaves_at = case when leaves_at is null or leaves_at > $3 then cast($3 as bigint) else leaves_at end,
  gone_at = cast($3 as bigint)
where key_set = $1 and generation <= $2 and (gone_at is null or gone_at > $3)
returning kid
"""
DESTROY = "delete from keyring_keys where gone_at < $1 returning kid, key_set"


def add(key: Key, sealed: bytes) -> Transaction[None]:
    """Keep a new key."""
    yield from run(
        ADD_KEY, key.kid, key.key_set, key.generation, key.algorithm, key.purpose, sealed, key.made_at,
        key.published_at, key.current_at, key.leaves_at, key.gone_at,
    )  # fmt: skip


def begin_set(key_set: str, now: int) -> Transaction[bool]:
    """Be the one who brings a set into the database."""
    return (yield from one(BEGIN_SET, key_set, now)) is not None


def next_generation(key_set: str, generation: int, now: int) -> Transaction[bool]:
    """Be the one who makes the generation after `generation`; False when somebody else was."""
    return (yield from one(NEXT_GENERATION, key_set, generation, now)) is not None


def retire(key_set: str, generation: int, times: Times) -> Transaction[list[str]]:
    """Write down when the keys up to `generation` leave, unless that is known; their names."""
    rows = yield from run(
        RETIRE, key_set, generation, times.signing_leave_at, times.signing_gone_at, times.opening_leave_at,
        times.opening_gone_at,
    )  # fmt: skip
    return sorted(row["kid"] for row in rows)


def end(key_set: str, generation: int, at: int) -> Transaction[list[str]]:
    """End all keys up to `generation` at one moment; their names."""
    rows = yield from run(END, key_set, generation, at)
    return sorted(row["kid"] for row in rows)


def destroy(before: int) -> Transaction[list[tuple[str, str]]]:
    """Delete keys that were gone before `before`; sets and names."""
    rows = yield from run(DESTROY, before)
    return sorted((row["key_set"], row["kid"]) for row in rows)


def read_key(row: Row) -> Key:
    """A row as a value."""
    return Key(
        kid=row["kid"],
        key_set=row["key_set"],
        generation=row["generation"],
        algorithm=row["algorithm"],
        purpose=row["purpose"],
        made_at=row["made_at"],
        published_at=row["published_at"],
        current_at=row["current_at"],
        leaves_at=row["leaves_at"],
        gone_at=row["gone_at"],
    )
