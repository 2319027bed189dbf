"""Spans of traces: what a request was made of, without anything of a person.

Off, they cost a function call. On, `traces` of the composition root has put OpenTelemetry's tracer here. A span holds
names that are constants of ours (route templates, features, peers) and outcomes; no address, identifier or text.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Final, Literal, Protocol

Kind = Literal["internal", "server", "client"]
Attributes = Mapping[str, str | int]


class Tracing(Protocol):
    """What makes spans."""

    def span(self, name: str, kind: Kind, attributes: Attributes, parent: str | None) -> AbstractContextManager[Any]:
        """A span, current for as long as its context lasts; `parent` is a `traceparent` that is believed."""

    def traceparent(self) -> str | None:
        """The current span as W3C Trace Context writes it, for a process of ours; None outside every span."""


class _Nothing:
    """No span."""

    __slots__ = ()

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        return None


_NOTHING: Final = _Nothing()
_NONE: Final[Attributes] = {}


class _State:
    tracing: Tracing | None = None


def trace_with(tracing: Tracing | None) -> None:
    """Make spans by this from now on; None: make none."""
    _State.tracing = tracing


def is_on() -> bool:
    """Whether spans are made."""
    return _State.tracing is not None


def span(
    name: str, *, kind: Kind = "internal", attributes: Attributes = _NONE, parent: str | None = None
) -> AbstractContextManager[Any]:
    """A span with this name; what it gives is None where none are made."""
    tracing = _State.tracing
    return _NOTHING if tracing is None else tracing.span(name, kind, attributes, parent)


def traceparent() -> dict[str, str]:
    """The header that tells another process of ours whose part it is. Never for partners or anybody else."""
    tracing = _State.tracing
    value = None if tracing is None else tracing.traceparent()
    return {} if value is None else {"traceparent": value}
