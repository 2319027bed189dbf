"""How the world looks: templates, and the headers of every page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.responses import HTMLResponse

from ipse.sandbox.places import Places
from ipse.web.assets import Assets
from ipse.web.compiled import CompiledTemplates


def _environment(assets: Assets, places: Places) -> Environment:
    environment = Environment(
        loader=PackageLoader("ipse.sandbox"),
        bytecode_cache=CompiledTemplates(),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(asset=assets.url, world=places.world)
    return environment


@dataclass(frozen=True, slots=True)
class Sight:
    """Renders the world's pages. `form_targets`: origins that a form's answer may lead on to."""

    environment: Environment
    form_targets: tuple[str, ...]

    @classmethod
    def of(cls, assets: Assets, places: Places, form_targets: tuple[str, ...]) -> Self:
        """Pages that use these assets."""
        return cls(_environment(assets, places), form_targets)

    def page(self, template: str, *, status: int = 200, **context: object) -> HTMLResponse:
        """A page with strict headers: nothing from elsewhere, no inline code, no framing, no referrer elsewhere."""
        text = self.environment.get_template(f"sandbox/{template}").render(**context)
        return HTMLResponse(text, status_code=status, headers=self.headers())

    def headers(self) -> dict[str, str]:
        """The headers of every page."""
        targets = " ".join(("'self'", *self.form_targets))
        return {
            "Content-Security-Policy": (
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
                f"form-action {targets}; frame-ancestors 'none'; base-uri 'none'"
            ),
            "Cache-Control": "no-store",
            # With "no-referrer" browsers send `Origin: null` with our own forms (Fetch, "append a request Origin").
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        }
