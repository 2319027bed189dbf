"""HTML pages: compiled templates, escaped throughout, with a content security policy of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import resources
from pathlib import Path
from urllib.parse import urlsplit

import jinja2
from markupsafe import escape
from starlette.requests import Request
from starlette.responses import Response

from ipse.kernel.errors import PlatformError
from ipse.kernel.ids import Ids, b64u
from ipse.web import languages
from ipse.web.assets import Assets
from ipse.web.compiled import CompiledTemplates
from ipse.web.moments import Moments

HTML = b"text/html; charset=utf-8"
_GAP = "\x00"

LINKS = {
    "terms": "/enrolment/documents/terms",
    "privacy": "/enrolment/documents/privacy",
    "practice": "/enrolment/documents/practice",
    "block": "/block",
    "help": "/help",
}
"""Where every page links: terms, privacy notice and practice statement (B-13), and blocking without login."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One calm sentence that stands on every page for a while, by language, and where to read more."""

    sentence: Mapping[str, str]
    url: str = ""


class Pages:
    """Renders the pages of some packages, in four languages.

    A package brings `templates/<feature>/*.html`, `messages/<language>.json` and `static/`. In a template:
    `t("signin.title", name=…)` is a text, `asset("base.css")` an address, `nonce` for `<script>`, `lang`, `scheme`
    (the scheme's name), `links`, `languages`; `moment(microseconds)`, `day(microseconds)`, `number(value)` and
    `share(value)` write as the page's language does.
    """

    def __init__(
        self,
        *,
        name: str,
        ids: Ids,
        packages: Iterable[str] = (),
        links: dict[str, str] | None = None,
        time_zone: str = "UTC",
    ) -> None:
        every = ("ipse.web", *packages)
        self._ids = ids
        self.assets = Assets(every)
        self._texts = languages.load(every)
        self._gapped: dict[tuple[object, ...], Gapped] = {}
        self._notice: Notice | None = None
        folders = [Path(str(resources.files(package))) / "templates" for package in every]
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(folders),
            bytecode_cache=CompiledTemplates(),
            autoescape=True,
            auto_reload=False,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.scheme = name
        self.moments = Moments(time_zone)
        written = self.moments
        self._writers: dict[str, Callable[..., str]] = {
            "moment": written.moment, "day": written.day, "number": written.number, "share": written.share,
        }  # fmt: skip
        self._environment.globals.update(
            asset=self.assets.url,
            scheme=name,
            links=links or LINKS,
            languages=languages.LANGUAGES,
        )
        # Loaded now: the first visitor does not wait, and an upgrade under a running process changes nothing in it.
        for template in self._environment.list_templates():
            self._environment.get_template(template)

    def announce(self, notice: Notice | None) -> None:
        """Say this on every page from now on; None: nothing."""
        self._notice = notice
        self._gapped.clear()

    def text(self, language: str, id_: str, /, **values: object) -> str:
        """One text outside a template."""
        return self._texts[language].text(id_, **values)

    def html(self, template: str, language: str, /, **context: object) -> str:
        """A template as text, without a response around it."""
        words = {name: partial(write, language=language) for name, write in self._writers.items()}
        known = {"notice": self._notice, **words, **context, "lang": language, "t": self._texts[language].text}
        return self._environment.get_template(template).render(known)

    def render(
        self,
        template: str,
        language: str,
        /,
        *,
        status: int = 200,
        form_action: str = "",
        connect: str = "",
        **context: object,
    ) -> Response:
        """A page as a response.

        `form_action` is a source that forms of this page may lead to besides ourselves: browsers apply it to the
        redirect that answers a form, too. `connect` is one that its script may call besides ourselves.
        """
        nonce = self._nonce()
        html = self.html(template, language, nonce=nonce, **context)
        response = _response(html, language, nonce, status, form_action)
        if connect:
            response.headers["content-security-policy"] = policy(nonce, form_action, connect)
        return response

    def render_fast(
        self,
        template: str,
        language: str,
        /,
        fields: Mapping[str, str],
        *,
        form_action: str = "",
        **context: str | bool,
    ) -> Response:
        """As `render`, for a page on the way of every login: about a tenth of the time.

        The page is rendered once for each `context` and kept with gaps where `fields` go (and the nonce), so a template
        may write a field but not decide by it. Everything in `context` has few values; it is part of the key.
        """
        key = (template, language, tuple(context.items()))
        gapped = self._gapped.get(key)
        if gapped is None:
            gaps = {name: Gapped.gap(name) for name in ("nonce", *fields)}
            gapped = self._gapped[key] = Gapped(self.html(template, language, **gaps, **context))
        nonce = self._nonce()
        html = gapped.filled({**fields, "nonce": nonce})
        return _response(html, language, nonce, 200, form_action)

    def _nonce(self) -> str:
        return b64u(self._ids.octets(16))

    def error_page(self, request: Request, error: PlatformError, reference: str) -> Response:
        """A refusal for a person: what happened in one calm sentence, a code and a reference to quote."""
        return self.render(
            "base/error.html",
            language_of(request),
            status=error.status,
            code=error.code,
            http_status=error.status,
            detail=error.public,
            reference=reference,
            known=f"web.error.{error.code}" in self._texts["en"].ids(),
        )


class Gapped:
    """A rendered page with gaps for values that differ from one answer to the next."""

    def __init__(self, html: str) -> None:
        self._parts = html.split(_GAP)
        # Texts and names take turns: text, name, text, name, …, text.
        self._places = [(place, self._parts[place]) for place in range(1, len(self._parts), 2)]

    @staticmethod
    def gap(name: str) -> str:
        """What a template is given instead of a value: a mark that no text contains and escaping leaves alone."""
        return f"{_GAP}{name}{_GAP}"

    def filled(self, values: Mapping[str, str]) -> str:
        """The page with these values, each escaped."""
        escaped = {name: str(escape(value)) for name, value in values.items()}
        parts = self._parts.copy()
        for place, name in self._places:
            parts[place] = escaped[name]
        return "".join(parts)


def _response(html: str, language: str, nonce: str, status: int, form_action: str) -> Response:
    response = Response(html, status_code=status)
    response.raw_headers += [
        (b"content-type", HTML),
        (b"content-language", language.encode()),
        (b"content-security-policy", policy(nonce, form_action).encode()),
    ]
    return response


def policy(nonce: str, form_action: str = "", connect: str = "") -> str:
    """The content security policy of a page (S-11)."""
    return (
        f"default-src 'none'; script-src 'self' 'nonce-{nonce}' 'strict-dynamic'; style-src 'self'; "
        f"img-src 'self' data:; font-src 'self'; connect-src 'self'{' ' + connect if connect else ''}; "
        "manifest-src 'self'; "
        f"form-action 'self'{' ' + form_action if form_action else ''}; frame-ancestors 'none'; base-uri 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )


def form_source(url: str) -> str:
    """The `form-action` source for an address: its origin, or its scheme where that is not http(s)."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in {"http", "https"} else f"{parts.scheme}:"


def language_of(request: Request) -> str:
    """The language of this request: `lang` or `ui_locales` of the query, else the browser's."""
    query = request.query_params
    return languages.choose(query.get("lang") or query.get("ui_locales"), request.headers.get("accept-language"))
