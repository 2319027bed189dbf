"""Compiled templates, kept as Python keeps compiled sources: in `__pycache__`, for the very text they were made from.

Compiling all templates takes most of a second of every start, loading them a few hundredths. Who may write to that
folder may change the sources as well.
"""

from __future__ import annotations

import contextlib
import hashlib
import marshal
import os
import sys
from importlib.util import cache_from_source
from pathlib import Path
from types import CodeType
from typing import Final

import jinja2
from jinja2.bccache import Bucket

_FOLDER: Final = Path(cache_from_source(__file__)).parent
_MADE_BY: Final = f"jinja2 {jinja2.__version__} {sys.version}"
_known: dict[str, tuple[bytes, CodeType]] = {}
"""What this process compiled or loaded: the digest of the text, and the code."""


class CompiledTemplates(jinja2.BytecodeCache):
    """Gives the compiled form of a template, and keeps it. Environments that share a template share their options."""

    def __init__(self, folder: Path = _FOLDER) -> None:
        self._folder = folder

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill the bucket, if this very text was compiled before."""
        digest = _digest(bucket)
        if (known := _known.get(bucket.key)) is not None and known[0] == digest:
            bucket.code = known[1]
            return
        with contextlib.suppress(OSError, EOFError, ValueError, TypeError):
            kept = self._path(bucket).read_bytes()
            if kept.startswith(digest):
                bucket.code = marshal.loads(kept[len(digest) :])  # noqa: S302 - as Python loads its own from there
                _known[bucket.key] = digest, bucket.code

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was just compiled, on the disk only where Python would keep its own."""
        if bucket.code is None:
            return
        digest = _digest(bucket)
        _known[bucket.key] = digest, bucket.code
        if sys.dont_write_bytecode:
            return
        path = self._path(bucket)
        fresh = path.with_suffix(f".{os.getpid()}")
        with contextlib.suppress(OSError):
            self._folder.mkdir(exist_ok=True)
            fresh.write_bytes(digest + marshal.dumps(bucket.code))
            fresh.replace(path)

    def _path(self, bucket: Bucket) -> Path:
        return self._folder / f"{bucket.key}.{sys.implementation.cache_tag}.template"


def _digest(bucket: Bucket) -> bytes:
    return hashlib.sha256(f"{_MADE_BY} {bucket.checksum}".encode()).digest()
