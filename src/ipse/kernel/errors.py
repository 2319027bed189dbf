"""One error type with two faces: a precise one for the log, a mute one for the caller.

Features subclass `PlatformError`; only front doors render it. Anything else that escapes is a `server_error`.
"""

from __future__ import annotations

from typing import ClassVar


class PlatformError(Exception):
    """An expected refusal.

    `detail` goes to the log and never holds personal data or secrets; `public` is what the caller may read;
    `fields` are extra members of the answer.
    """

    code: ClassVar[str] = "server_error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong"

    def __init__(self, detail: str = "", *, public: str = "", **fields: object) -> None:
        super().__init__(detail or self.title)
        self.detail = detail
        self.public = public or self.title
        self.fields = fields
        self.reference = ""
        """What a log has called it already; empty: whoever renders it finds a name."""
