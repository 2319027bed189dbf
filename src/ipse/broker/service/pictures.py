"""QR frames as images that any page can show."""

from __future__ import annotations

import io
from base64 import b64encode
from typing import Final

import segno

_PIXELS: Final = 6
"""Of each module's edge."""
_QUIET_ZONE: Final = 4
"""Modules of light ground around the code (ISO/IEC 18004)."""


def qr(content: str) -> str:
    """A PNG as data URI."""
    out = io.BytesIO()
    segno.make(content, error="m", micro=False, boost_error=False).save(
        out, kind="png", scale=_PIXELS, border=_QUIET_ZONE
    )
    return f"data:image/png;base64,{b64encode(out.getvalue()).decode()}"
