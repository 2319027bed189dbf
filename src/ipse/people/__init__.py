"""Persons' accounts.

Their life (`pending → active ⇄ blocked → archived`), their own encryption key, the subjects by which partners know
them, and what they accepted. An account holds no attribute in the clear. Start with `model`, then `service`.
"""

from ipse.people.errors import AccountBlockedError, AccountPendingError, UnknownAccountError
from ipse.people.model import Acceptance, Account, AccountState

__all__ = ["Acceptance", "Account", "AccountBlockedError", "AccountPendingError", "AccountState", "UnknownAccountError"]
