"""A push service of the sandbox: what browsers' makers run, for phones without a browser.

A separate party: it hands out addresses, takes messages it cannot read (RFC 8030) from senders who prove who they are
(RFC 8292), and keeps each until its phone comes or its time is over.
"""

from ipse.sandbox.push.http import PARTY, PATH, PushPages
from ipse.sandbox.push.service import PushService

__all__ = ["PARTY", "PATH", "PushPages", "PushService"]
