"""Table `portal_withdrawals`."""

from __future__ import annotations

from ipse.portal.model import Told, Withdrawal, WithdrawalKind
from ipse.storage.statement import Row

ADD = """
insert into portal_withdrawals (withdrawal_id, account_id, partner_id, kind, subject, state, tries, asked_at)
values ($1, $2, $3, $4, $5, $6, 0, $7)
"""
_COLUMNS = "withdrawal_id, account_id, partner_id, kind, subject, state, tries, asked_at, answered_at"
OF_ACCOUNT = "select " + _COLUMNS + " from portal_withdrawals where account_id = $1 order by asked_at desc"  # noqa: S608 - columns
BY_ID = "select " + _COLUMNS + " from portal_withdrawals where withdrawal_id = $1"  # noqa: S608 - columns
ANSWERED = """
update portal_withdrawals set state = $2, tries = tries + 1, answered_at = $3
where withdrawal_id = $1 and state = 'waiting'
returning withdrawal_id
"""
TRIED = """
update portal_withdrawals set tries = tries + 1 where withdrawal_id = $1 and state = 'waiting' returning withdrawal_id
"""
FORGET = "delete from portal_withdrawals where account_id = $1 returning withdrawal_id"


def read(row: Row) -> Withdrawal:
    """A row as a value."""
    return Withdrawal(
        withdrawal_id=row["withdrawal_id"],
        account_id=row["account_id"],
        partner_id=row["partner_id"],
        kind=WithdrawalKind(row["kind"]),
        subject=row["subject"],
        state=Told(row["state"]),
        tries=row["tries"],
        asked_at=row["asked_at"],
        answered_at=row["answered_at"],
    )
