"""The installation's signing and decryption keys while it runs: made, announced, used, retired, destroyed.

A set (`oidc`, `registrar`, `phone_channel`) has generations; a generation has one key for each algorithm. Everything
that happens to a key is decided when its generation, or the next one, is made, and written down as times: processes
that know the rows agree on every state. Start with `model`, then `rules`, then `service`.
"""

from ipse.keyring.errors import RotationPendingError, RotationRaceError, UnknownKeySetError
from ipse.keyring.model import Key, KeyState, Plan

__all__ = ["Key", "KeyState", "Plan", "RotationPendingError", "RotationRaceError", "UnknownKeySetError"]
