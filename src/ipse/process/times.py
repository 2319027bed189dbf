"""Whether the machine's clock can be believed."""

from __future__ import annotations

import ctypes

_CLOCK_ERROR = 5


def kernel_clock_is_synchronised() -> bool:
    """Whether the kernel's clock is disciplined by a time source (adjtimex(2))."""
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(512)  # larger than struct timex; modes 0 only reads
    state = int(libc.adjtimex(buffer))
    return 0 <= state < _CLOCK_ERROR
