"""Table `mobile_pairings`: a new phone beside the old one; each step is one conditional statement."""

from __future__ import annotations

PAIR = """
insert into mobile_pairings (pairing_id, phone_id, code_index, state, about, address_index, created_at, expires_at,
  changed_at)
values ($1, $2, $3, 'shown', $4, $5, $6, $7, $6)
"""
# The old phone brings the code. It may look again; another phone may not: the code works once.
MEET = """
update mobile_pairings set state = 'seen', account_id = $2, old_phone_id = $3, changed_at = $4
where code_index = $1 and expires_at > $4 and (state = 'shown' or (state = 'seen' and old_phone_id = $3))
returning pairing_id, phone_id, about, address_index, expires_at
"""
# $4 is until when the new phone may take over.
CONFIRM = """
update mobile_pairings set state = 'confirmed', expires_at = $4, changed_at = $3
where pairing_id = $1 and old_phone_id = $2 and state = 'seen' and expires_at > $3
returning pairing_id, phone_id
"""
TAKE = """
update mobile_pairings set state = 'done', changed_at = $3
where pairing_id = $1 and phone_id = $2 and state = 'confirmed' and expires_at > $3
returning pairing_id, account_id, old_phone_id
"""
END = """
update mobile_pairings set state = 'ended', why = $3, changed_at = $4
where pairing_id = $1 and (old_phone_id = $2 or phone_id = $2) and state in ('shown', 'seen', 'confirmed')
returning pairing_id, phone_id
"""
PAIRING = """
select pairing_id, phone_id, state, why, account_id, old_phone_id, expires_at from mobile_pairings
where pairing_id = $1 and phone_id = $2
"""
COPY = """
select pairing_id, phone_id, state, why, account_id, old_phone_id, about, created_at, expires_at, changed_at
from mobile_pairings where account_id = $1 order by created_at, pairing_id
"""
FORGET_OF = "delete from mobile_pairings where account_id = $1 returning pairing_id"
FORGET = "delete from mobile_pairings where expires_at < $1 returning pairing_id"
