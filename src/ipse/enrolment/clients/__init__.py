"""What the scheme asks of banks: `bank` in earnest, `examination` to find out whether one can."""

from ipse.enrolment.clients.bank import ASSERTION_TYPE, DEADLINE, ENDPOINTS, BankClient, Banks

__all__ = ["ASSERTION_TYPE", "DEADLINE", "ENDPOINTS", "BankClient", "Banks"]
