"""Table `portal_blocks`: what was typed on the page, until somebody has looked at it."""

from __future__ import annotations

WRITE = "insert into portal_blocks (block_id, sealed, created_at) values ($1, $2, $3)"
READ = "select sealed from portal_blocks where block_id = $1"
FORGET = "delete from portal_blocks where block_id = $1 returning block_id"
