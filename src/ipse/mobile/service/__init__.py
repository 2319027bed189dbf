"""What each message of the device protocol does: `mobile` the life of a phone, other modules a topic each."""

from ipse.mobile.service.mobile import Mobile

__all__ = ["Mobile"]
