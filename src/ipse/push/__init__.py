"""Waking an app through its browser's push service (Web Push).

A push says that something waits, and nothing more: what it is, the app fetches over its own channel. It is a courtesy:
the app works without, a push that cannot be delivered in time is dropped, and nobody waits for one.
"""

from ipse.push.errors import BadSubscription
from ipse.push.model import Woken

__all__ = ["BadSubscription", "Woken"]
