"""Which jobs a worker can do. A job is a function of its request and of whom it may ask; it may be a coroutine."""

from __future__ import annotations

import asyncio
import importlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any, Final, get_type_hints

import msgspec

from ipse.documents.worker.asking import Asking

JOBS: Final[Mapping[str, str]] = {
    "inspect": "ipse.documents.pdf.inspecting:inspect",
    "draw": "ipse.documents.pdf.drawing:draw",
    "prepare_pdf": "ipse.documents.pdf.preparing:prepare",
    "finish_pdf": "ipse.documents.pdf.finishing:finish",
    "upgrade_pdf": "ipse.documents.pdf.finishing:upgrade",
    "prepare_cades": "ipse.documents.cades:prepare",
    "finish_cades": "ipse.documents.cades:finish",
    "prepare_asic": "ipse.documents.asic.signing:prepare",
    "finish_asic": "ipse.documents.asic.signing:finish",
    "upgrade_asic": "ipse.documents.asic.signing:upgrade",
    "evidence": "ipse.documents.evidence:gather",
    "validate": "ipse.documents.validation.job:validate",
}

Job = Callable[[Any, Asking], Any]


def loaded() -> dict[str, Job]:
    """Every job, imported: a worker at work opens no more files."""
    jobs: dict[str, Job] = {}
    for name, place in JOBS.items():
        module, _, function = place.partition(":")
        jobs[name] = getattr(importlib.import_module(module), function)
    return jobs


def do(job: Job, request: bytes, asking: Asking) -> bytes:
    """Do a job, from packed request to packed answer."""
    kind = get_type_hints(job)["request"]
    answer = job(msgspec.msgpack.decode(request, type=kind), asking)
    if inspect.iscoroutine(answer):
        answer = asyncio.run(answer)
    return msgspec.msgpack.encode(answer)
