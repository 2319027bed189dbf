"""How judging refuses; a file that does not hold is no refusal but an answer."""

from __future__ import annotations

from ipse.kernel.errors import PlatformError


class NoFile(PlatformError):
    """Nothing was brought to be judged."""

    code = "no_file"
    status = 400
    title = "There is no file to judge"


class FileTooLarge(PlatformError):
    """A file is larger than this installation judges; `most_bytes` says how large it may be."""

    code = "file_too_large"
    status = 413
    title = "This file is too large to be judged here"
