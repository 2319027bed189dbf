"""Tables `phones_phones`, `phones_code_keys`."""

from __future__ import annotations

from ipse.phones.model import Carrying, CodeKey, Past, Phone, PhoneState, SimState
from ipse.storage.statement import Row

PHONE = """
select p.phone_id, p.account_id, p.state, p.why, p.device_key, p.thumbprint, p.key_protection, p.mac, p.chain,
  p.challenge, p.message_digest, p.sealed_answer, p.tries, p.app_version, p.quiet_until,
  p.sim_state, p.sim_checked_at, p.sim_operator, p.model,
  k.code_key_id, k.kind, k.wrapped_key, s.code_key_id as spare_id, s.kind as spare_kind, s.wrapped_key as spare_wrapped
from phones_phones p left join phones_code_keys k on k.phone_id = p.phone_id and k.code_key_id = $2
  left join phones_code_keys s on s.phone_id = p.phone_id and s.code_key_id = $3
where p.phone_id = $1
"""
PHONE_BY_THUMBPRINT = "select phone_id from phones_phones where thumbprint = $1"
CREATE = """
insert into phones_phones (phone_id, account_id, state, why, device_key, thumbprint, key_protection, mac, chain,
  challenge, message_digest, sealed_answer, tries, app_version, created_at, changed_at, attestation, model)
values ($1, null, 'enrolling', null, $2, $3, $4, $5, $6, null, $7, $8, 0, $9, $10, $10, $11, $12)
"""
ACCEPT = """
update phones_phones set chain = $3, challenge = $4, message_digest = $5, sealed_answer = $6, changed_at = $7, mac = $9
where phone_id = $1 and chain = $2 and state = $8 and tries = $10
returning phone_id
"""
TAKE_TRY = """
update phones_phones set chain = $3, challenge = null, message_digest = $4, sealed_answer = null, tries = tries + 1,
  changed_at = $5, mac = $8
where phone_id = $1 and chain = $2 and challenge = $6 and state = 'active' and tries < $7 and tries = $9
returning tries
"""
JUDGED = """
update phones_phones set tries = $3, challenge = $4, sealed_answer = $5, changed_at = $6, mac = $7
where phone_id = $1 and message_digest = $2 and sealed_answer is null and state = 'active'
returning phone_id
"""
ACTIVATE = """
update phones_phones set account_id = $3, state = 'active', mac = $4, chain = $5, challenge = null,
  message_digest = $6, sealed_answer = $7, tries = 0, changed_at = $8
where phone_id = $1 and chain = $2 and state = 'enrolling'
returning phone_id
"""
STOP_OTHERS = """
update phones_phones set state = 'stopped', why = $3, changed_at = $4, mac = $5
where account_id = $1 and phone_id <> $2 and state in ('active', 'waiting')
returning phone_id
"""
# As ACTIVATE, for a phone whose person may still object elsewhere.
AWAIT = """
update phones_phones set account_id = $3, state = 'waiting', mac = $4, chain = $5, challenge = null,
  message_digest = $6, sealed_answer = $7, tries = 0, changed_at = $8
where phone_id = $1 and chain = $2 and state = 'enrolling'
returning phone_id
"""
END_WAIT = """
update phones_phones set state = 'active', mac = $3, changed_at = $4
where phone_id = $1 and chain = $2 and state = 'waiting'
returning phone_id
"""
STOP_WAITING = """
update phones_phones set state = 'stopped', why = $2, changed_at = $3, mac = $4
where phone_id = $1 and state = 'waiting'
returning phone_id
"""
STOP_ONE = """
update phones_phones set state = 'stopped', why = $2, changed_at = $3, mac = $4
where phone_id = $1 and state = 'active'
returning phone_id
"""
RECORD_SIM_OF = """
update phones_phones set sim_state = $2, sim_operator = $3, sim_checked_at = $4, changed_at = $5
where account_id = $1 and state = 'active'
returning phone_id
"""
CARRY_SIM = """
update phones_phones set
  sim_state = (select old.sim_state from phones_phones old where old.phone_id = $2),
  sim_checked_at = (select old.sim_checked_at from phones_phones old where old.phone_id = $2),
  sim_operator = (select old.sim_operator from phones_phones old where old.phone_id = $2), changed_at = $3
where phone_id = $1
returning phone_id
"""
ACTIVE_PHONES = "select phone_id from phones_phones where account_id = $1 and phone_id <> $2 and state = 'active'"
ADD_CODE_KEY = """
insert into phones_code_keys (code_key_id, phone_id, kind, wrapped_key, created_at) values ($1, $2, $3, $4, $5)
"""
REPLACE_CODE_KEY = """
update phones_code_keys set code_key_id = $3, wrapped_key = $4, created_at = $5
where code_key_id = $1 and phone_id = $2
returning code_key_id
"""
# The second slot; made where a phone from before there were slots has none yet.
SET_SLOT = """
insert into phones_code_keys (code_key_id, phone_id, kind, wrapped_key, created_at)
values ($1, $2, 'slot', $3, $4)
on conflict (code_key_id) do update set wrapped_key = excluded.wrapped_key, kind = 'slot'
where phones_code_keys.phone_id = excluded.phone_id
returning code_key_id
"""
GO_QUIET = """
update phones_phones set quiet_until = $3, changed_at = $4, mac = $5
where phone_id = $1 and chain = $2 and state = 'active' and quiet_until is null
returning phone_id
"""
FORGET_CODE_KEYS = """
delete from phones_code_keys where phone_id in (select phone_id from phones_phones where account_id = $1
  and state = 'stopped') returning code_key_id
"""
# The phone itself stays, so that it can be told. What a phone was answered that was stopped earlier is the person's.
FORGET_ANSWERS = """
update phones_phones set sealed_answer = null, message_digest = $2
where account_id = $1 and state = 'stopped' and why <> 'deleted'
returning phone_id
"""
FORGET_OF = "delete from phones_phones where account_id = $1 returning phone_id"
FORGET_ATTESTATIONS = """
update phones_phones set attestation = null, model = null where account_id = $1 returning phone_id
"""
# How many of the phones that carry an identity are of a model, or run a version of the app.
MODELS = """
select model as name, count(*) as phones from phones_phones where state = 'active' and model is not null
group by model order by phones desc, model limit 200
"""
APP_VERSIONS = """
select app_version as name, count(*) as phones from phones_phones where state = 'active'
group by app_version order by phones desc, app_version limit 200
"""
OF_ACCOUNT = """
select phone_id, state, why, key_protection, model, app_version, sim_state, sim_operator, created_at, changed_at
from phones_phones where account_id = $1 order by created_at desc limit 20
"""
DEVICE = "select device_key, attestation from phones_phones where phone_id = $1"
STATE = "select state, quiet_until from phones_phones where phone_id = $1"
RECORD_SIM = """
update phones_phones set sim_state = $2, sim_operator = $3, sim_checked_at = $4, changed_at = $5
where phone_id = $1
returning phone_id
"""
CURRENT = """
select phone_id, key_protection, app_version, sim_state, sim_checked_at, sim_operator, created_at, changed_at, tries
from phones_phones where account_id = $1 and state = 'active'
"""
COPY = """
select phone_id, account_id, state, why, device_key, thumbprint, key_protection, attestation, tries, model, app_version,
  sim_state, sim_checked_at, sim_operator, created_at, changed_at
from phones_phones where account_id = $1 order by created_at, phone_id
"""
DELETE_ABANDONED = """
delete from phones_phones where state = 'enrolling' and created_at < $1 returning phone_id
"""


def read_phone(row: Row) -> Phone:
    """A row as a value."""
    code_key = spare_key = None
    if row["code_key_id"] is not None:
        code_key = CodeKey(row["code_key_id"], row["kind"], bytes(row["wrapped_key"]))
    if row["spare_id"] is not None:
        spare_key = CodeKey(row["spare_id"], row["spare_kind"], bytes(row["spare_wrapped"]))
    return Phone(
        phone_id=row["phone_id"],
        account_id=row["account_id"],
        state=PhoneState(row["state"]),
        why=row["why"],
        device_key=row["device_key"],
        thumbprint=row["thumbprint"],
        key_protection=row["key_protection"],
        mac=bytes(row["mac"]),
        chain=row["chain"],
        challenge=row["challenge"],
        message_digest=bytes(row["message_digest"]),
        sealed_answer=bytes(row["sealed_answer"]) if row["sealed_answer"] is not None else None,
        tries=row["tries"],
        app_version=row["app_version"],
        code_key=code_key,
        spare_key=spare_key,
        quiet_until=row["quiet_until"],
        sim_state=SimState(row["sim_state"]),
        sim_checked_at=row["sim_checked_at"],
        sim_operator=row["sim_operator"],
        model=row["model"],
    )


def read_past(row: Row) -> Past:
    """A row as what help desks are told."""
    return Past(
        phone_id=row["phone_id"],
        state=PhoneState(row["state"]),
        why=row["why"],
        key_protection=row["key_protection"],
        model=row["model"] or "",
        app_version=row["app_version"],
        sim_state=SimState(row["sim_state"]),
        sim_operator=row["sim_operator"],
        created_at=row["created_at"],
        changed_at=row["changed_at"],
    )


def read_carrying(row: Row) -> Carrying:
    """A row as a value."""
    return Carrying(
        phone_id=row["phone_id"],
        key_protection=row["key_protection"],
        app_version=row["app_version"],
        sim_state=SimState(row["sim_state"]),
        sim_checked_at=row["sim_checked_at"],
        sim_operator=row["sim_operator"],
        since=row["created_at"],
        seen_at=row["changed_at"],
        tries=row["tries"],
    )
