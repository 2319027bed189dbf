"""Judging signed files that anybody brings: a page for people, an API for programs. Nothing is kept.

The judging itself runs in a worker: `ipse.documents.validation`. Start with `service`.
"""

from __future__ import annotations

from ipse.validation.errors import FileTooLarge, NoFile

__all__ = ["FileTooLarge", "NoFile"]
