"""Traces by OpenTelemetry: where `telemetry.spans` go, when the settings name a collector.

The packages are an extra of their own, so they are imported only here and only then. Nothing is read from the
environment, and what an exception says stays out: its text could be about somebody (T-19).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from ipse.kernel.settings import Settings, SettingsError
from ipse.telemetry import spans

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

_SECONDS: Final = 3
"""For one export. A collector that is away costs traces, never a request."""
_HEADER: Final = "traceparent"


@contextlib.contextmanager
def tracing(settings: Settings) -> Iterator[None]:
    """Send traces for as long as the context lasts, where the settings want them.

    Raises:
        SettingsError: the packages for it are missing.
    """
    if settings.traces is None:
        yield
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
        from opentelemetry.sdk.trace.sampling import TraceIdRatioBased  # noqa: PLC0415
    except ImportError as error:
        raise SettingsError(
            "traces need packages: pip install -r requirements/traces.txt, or leave traces out"
        ) from error
    about = {
        "service.name": "ipse",
        "service.version": version("ipse"),
        "deployment.environment.name": settings.environment,
    }
    # Not by what a parent says: whether we trace is ours to choose.
    provider = TracerProvider(
        resource=Resource(about), sampler=TraceIdRatioBased(settings.traces.share), shutdown_on_exit=False
    )
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(settings.traces.endpoint, timeout=_SECONDS)))
    spans.trace_with(_OpenTelemetry(provider.get_tracer("ipse")))
    try:
        yield
    finally:
        spans.trace_with(None)
        provider.shutdown()


@dataclass(frozen=True, slots=True)
class _OpenTelemetry:
    """`telemetry.spans.Tracing` by OpenTelemetry."""

    tracer: Tracer

    def span(
        self, name: str, kind: spans.Kind, attributes: spans.Attributes, parent: str | None
    ) -> AbstractContextManager[Any]:
        return self._made(name, kind, attributes, parent)

    def traceparent(self) -> str | None:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

        carrier: dict[str, str] = {}
        TraceContextTextMapPropagator().inject(carrier)
        return carrier.get(_HEADER)

    @contextlib.contextmanager
    def _made(self, name: str, kind: spans.Kind, attributes: spans.Attributes, parent: str | None) -> Iterator[Any]:
        from opentelemetry.trace import SpanKind, StatusCode  # noqa: PLC0415
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

        context = None if parent is None else TraceContextTextMapPropagator().extract({_HEADER: parent})
        with self.tracer.start_as_current_span(
            name,
            context=context,
            kind=SpanKind[kind.upper()],
            attributes=attributes,
            record_exception=False,
            set_status_on_exception=False,
        ) as made:
            try:
                yield made
            except BaseException as error:
                made.set_status(StatusCode.ERROR)
                made.set_attribute("error.type", type(error).__name__)
                raise
