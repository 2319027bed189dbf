"""Table `fingerprints_credentials`."""

from __future__ import annotations

from ipse.fingerprints.model import Credential
from ipse.storage.statement import Row

CREATE = """
insert into fingerprints_credentials
  (credential_id, phone_id, account_id, public_key, sign_count, label, created_at)
select cast($1 as text), cast($2 as text), cast($3 as text), $4, cast($5 as bigint), cast($6 as text),
  cast($7 as bigint)
where (select count(*) from fingerprints_credentials where phone_id = $2) < cast($8 as bigint)
on conflict (credential_id) do nothing
returning credential_id
"""
OF_PHONE = """
select credential_id, phone_id, public_key, sign_count, label, created_at, used_at
from fingerprints_credentials where phone_id = $1 order by created_at
"""
BY_ID = """
select credential_id, phone_id, public_key, sign_count, label, created_at, used_at
from fingerprints_credentials where credential_id = $1 and phone_id = $2
"""
# A counter that does not move forward belongs to a copy; one that is always zero says nothing (WebAuthn §6.1.1).
USE = """
update fingerprints_credentials set sign_count = $3, used_at = $4
where credential_id = $1 and phone_id = $2 and (sign_count < $3 or (sign_count = 0 and cast($3 as bigint) = 0))
returning credential_id
"""
REMOVE = "delete from fingerprints_credentials where credential_id = $1 and phone_id = $2 returning credential_id"
COPY = """
select credential_id, phone_id, sign_count, label, created_at, used_at from fingerprints_credentials
where account_id = $1 order by created_at, credential_id
"""
FORGET_ACCOUNT = "delete from fingerprints_credentials where account_id = $1 returning credential_id"


def read_credential(row: Row) -> Credential:
    """A row as a value."""
    return Credential(
        credential_id=row["credential_id"],
        phone_id=row["phone_id"],
        public_key=bytes(row["public_key"]),
        sign_count=row["sign_count"],
        label=row["label"],
        created_at=row["created_at"],
        used_at=row["used_at"],
    )
