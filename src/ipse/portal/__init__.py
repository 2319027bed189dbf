"""What a person does on our own pages without the phone. So far: blocking an identity without login.

The page says the same, and takes the same time, for every number and every birth date (T-16): what was typed is only
written down, sealed, and looked at afterwards. Start with `service`.
"""

from ipse.portal.events import BLOCK_ASKED
from ipse.portal.model import PAGE, Wish

__all__ = ["BLOCK_ASKED", "PAGE", "Wish"]
