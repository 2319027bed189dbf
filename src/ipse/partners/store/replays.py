"""Table `partners_replays`: values that count once, until they would be refused as expired anyway."""

USE = """
insert into partners_replays (digest, usable_until) values ($1, $2)
on conflict (digest) do nothing returning digest
"""
FORGET = """
delete from partners_replays where usable_until < $1 returning digest
"""
