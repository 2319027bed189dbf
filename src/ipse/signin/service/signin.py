"""The waiting page and what happens on it, from the first answer to the way back to the partner."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Callable, Mapping

import msgspec
import segno
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from ipse.actions.errors import RequestEnded, RequestExpired, ResultFault, UnknownAction
from ipse.actions.model import OPEN, Action, ActionState, ActionView, Collected, Start
from ipse.actions.service.requests import Actions, wake_key
from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.ids import Ids, b64u
from ipse.signin.model import Ended, Ending, Outcome, WayBack
from ipse.signin.rules import is_frame_of, next_sign_of_life, outcome_of, shown_start, state_at
from ipse.signin.service.lookout import Lookout
from ipse.signin.service.numbers import KNOWN, NumberPages, hand_trust, trust
from ipse.storage.wakeups import Wakeups
from ipse.web import cookies, languages
from ipse.web.pages import Pages, form_source, language_of

PATH = "/v2/sign-in"
LONG_TITLE = 44
"""Characters above which a title is set smaller."""
QUIET_ZONE = 4
"""Modules of light ground around the code (ISO/IEC 18004)."""


class News(msgspec.Struct, frozen=True):
    """What a waiting page is told. Seconds, counted from when the request began or to its end."""

    state: str
    start: str
    elapsed: float
    left: float
    full: int
    extensible: bool


class SignIn:
    """The one way from a front door to a phone.

    `endings` says for each front door (`protocol["door"]`) how a request goes back to its partner.
    """

    plain = False
    """Whether pages do without JavaScript in any browser: so in a lab."""
    phone_is_down: Callable[[], bool] = staticmethod(bool)
    """Whether the phone channel is reported out of order: the other ways then come first."""
    began: Callable[[Request, Action], None] | None = None
    """Who is told of each request that begins with a page, in a lab."""

    def __init__(
        self,
        *,
        actions: Actions,
        wakeups: Wakeups,
        pages: Pages,
        endings: Mapping[str, Ending],
        app_origin: str,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._actions = actions
        self._wakeups = wakeups
        self._pages = pages
        self._endings = endings
        self._app_origin = app_origin
        self._clock = clock
        self._ids = ids
        self._lookout = Lookout(actions, wakeups)
        self.numbers = NumberPages(actions, pages, ids)

    # --- pages -----------------------------------------------------------------------------------------------

    def start_page(self, request: Request, action: Action) -> Response:
        """The waiting page of an action just begun, as the answer to the partner's request; hands out the cookie."""
        if self.began is not None:
            self.began(request, action)
        view = ActionView(action, action.state, extensible=True)
        return self._waiting_page(request, view, action.request.language)

    async def page(self, request: Request, handle: str) -> Response:
        """The page of an action as it is now, for the browser that began it.

        Raises:
            UnknownAction: no such action.
            StartedElsewhere: another browser began it.
        """
        view = await self._view(request, handle)
        language = _language(request, view.action)
        if view.state is ActionState.CLAIMED and view.action.start is Start.FALLBACK:
            return RedirectResponse(f"{PATH}/{handle}/other/consent?lang={language}", 303)
        if view.state in OPEN:
            return self._waiting_page(request, view, language)
        if view.state is ActionState.APPROVED and view.action.start is not Start.LINK:
            return RedirectResponse(f"{PATH}/{handle}/finish", 303)
        return self._over_page(view, language)

    def _waiting_page(self, request: Request, view: ActionView, language: str) -> Response:
        action, asked = view.action, view.action.request
        now = self._clock.now()
        left = max(0, -(-(action.expires_at - now) // SECOND))
        frame = self._actions.frame(action, now, drawn=True)
        title = self._pages.text(
            language, _heading(action.kind, here=asked.partner_name == self._pages.scheme), partner=asked.partner_name
        )
        purpose = asked.purpose_in(language)
        response = self._pages.render_fast(
            "signin/page.html",
            language,
            {
                "here": f"{PATH}/{action.handle}",
                "title": title,
                "partner": asked.partner_name,
                "service": asked.service_in(language),
                "purpose": purpose,
                "frame_id": action.frame_id,
                "frame_secret": b64u(self._actions.frame_secret(action)),
                "elapsed": str(max(0, (now - action.created_at) // SECOND)),
                "left": str(left),
                "left_text": f"{left // 60}:{left % 60:02d}",
                "full": str((action.expires_at - action.created_at) // SECOND),
                "frame": frame,
                "digits": self._actions.digits(action),
                "link": self._actions.link(action),
                "form_token": cookies.form_token(request, self._ids),
            },
            form_action=form_source(self._ending(action).destination(asked.protocol)),
            state=view.state.value,
            start=shown_start(action),
            matched=asked.match,
            numbered=asked.number,
            known=cookies.read_kept(request, KNOWN) is not None,
            broker=asked.broker_name,
            extensible=view.extensible,
            explained=bool(purpose),
            fallback=bool(asked.fallbacks),
            wished=asked.wished,
            phone_down=self.phone_is_down(),
            plain=self.plain or b"plain=1" in request.scope["query_string"].split(b"&"),
            long=len(title) > LONG_TITLE,
            app_origin=self._app_origin,
        )
        cookies.ensure(request, response, self._ids)
        return response

    def _over_page(self, view: ActionView, language: str) -> Response:
        action = view.action
        partner = action.request.partner_name
        outcome = outcome_of(view.state)
        if outcome is None:
            name = "elsewhere" if view.state is ActionState.APPROVED else "collected"
        else:
            name = action.why if action.why in {"wrong_digits", "level", "risk"} else view.state.value
        return self._pages.render(
            "signin/over.html",
            language,
            state=view.state.value,
            here=f"{PATH}/{action.handle}",
            title=self._pages.text(language, f"signin.over.{name}.title"),
            text=self._pages.text(language, f"signin.over.{name}.text", partner=partner),
            hint="",
            back=f"{PATH}/{action.handle}/finish" if outcome else "",
            back_text=self._pages.text(language, "signin.back", partner=partner),
        )

    def notice(self, request: Request, name: str, *, status: int) -> Response:
        """A page about an action that this browser has no part in: `foreign` or `unknown`."""
        language = language_of(request)
        return self._pages.render(
            "signin/over.html",
            language,
            status=status,
            state=name,
            here="",
            title=self._pages.text(language, f"signin.{name}.title"),
            text=self._pages.text(language, f"signin.{name}.text"),
            hint=self._pages.text(language, "signin.foreign.hint") if name == "foreign" else "",
            back="",
            back_text="",
        )

    def leave(self, request: Request, way: WayBack) -> Response:
        """Send the browser on: 303 (RFC 9700 §4.12), or a page whose form sends itself, or waits for its button."""
        if way.posted is None:
            return hand_trust(self._actions, request, RedirectResponse(way.url, 303))
        language = language_of(request)
        page = self._pages.render(
            "signin/post.html",
            language,
            form_action=form_source(way.url),
            here="",
            title=self._pages.text(language, "signin.post.title"),
            url=way.url,
            fields=way.posted,
        )
        return hand_trust(self._actions, request, page)

    async def frame_picture(self, request: Request, handle: str, frame: str) -> bytes:
        """The frame that the page named, as SVG, for browsers without JavaScript.

        Raises:
            UnknownAction: no such action, or not a frame of it.
            StartedElsewhere: another browser began it.
        """
        view = await self._view(request, handle)
        if not is_frame_of(frame, view.action.frame_id):
            raise UnknownAction("not a frame of this action")
        content = f"{self._app_origin}/#f={frame}"
        out = io.BytesIO()
        segno.make(content, error="m", micro=False, boost_error=False).save(
            out, kind="svg", border=QUIET_ZONE, dark="#07140f", light="#fff", xmldecl=False, svgns=True, omitsize=True
        )
        return out.getvalue()

    # --- waiting ---------------------------------------------------------------------------------------------

    async def news(self, request: Request, handle: str) -> AsyncIterator[News | None]:
        """What happens to an action, told once each; None now and then, when nothing did.

        Subscribes, then looks, then sleeps. Ends with the action, with the person's part in it, or when the process
        stops.

        Raises:
            UnknownAction: no such action.
            StartedElsewhere: another browser began it.
        """
        view = await self._view(request, handle)
        told: tuple[object, ...] = ()
        action = view.action
        with self._lookout.watching(action) as mine:
            async with self._wakeups.listening(wake_key(action.action_id)) as bell:
                due = True
                while not self._wakeups.closing:
                    if due:
                        view = await self._view(request, handle)
                        mine.know(view.action)
                    fact = (view.state, view.action.expires_at)
                    yield None if fact == told else self._news(view)
                    told = fact
                    if view.state not in OPEN:
                        return
                    left = (view.action.expires_at - self._clock.now()) / SECOND
                    pause = next_sign_of_life(handle, left)
                    due = await bell.wait(pause) or pause > left

    def _news(self, view: ActionView) -> News:
        action, now = view.action, self._clock.now()
        return News(
            state=view.state.value,
            start=shown_start(action),
            elapsed=(now - action.created_at) / SECOND,
            left=max(0.0, (action.expires_at - now) / SECOND),
            full=(action.expires_at - action.created_at) // SECOND,
            extensible=view.extensible,
        )

    # --- what the person does on the page --------------------------------------------------------------------

    async def extend(self, request: Request, handle: str) -> str:
        """Give the action more time; answers where the page is.

        Raises:
            UnknownAction: no such action.
            StartedElsewhere: another browser began it.
        """
        await self._actions.extend(handle, self._browser(request))
        return f"{PATH}/{handle}"

    async def cancel(self, request: Request, handle: str) -> WayBack:
        """End the action; answers the way back to the partner.

        Raises:
            UnknownAction: no such action.
            StartedElsewhere: another browser began it.
        """
        await self._actions.cancel(handle, self._browser(request))
        return await self.finish(request, handle)

    async def finish(self, request: Request, handle: str) -> WayBack:
        """Where the browser goes now: to the partner, with a code or with the way it ended; else back to the page.

        Raises:
            UnknownAction: no such action.
            StartedElsewhere: another browser began it.
        """
        # First the usual case, in one statement: approved by QR, and this browser began it.
        outcome: Outcome | None = None
        try:
            return await self._collected(request, await self._actions.collect(handle, self._browser(request)))
        except ResultFault:
            outcome = "failed"
        except (RequestEnded, RequestExpired):
            pass
        view = await self._view(request, handle)
        outcome, action = outcome or outcome_of(view.state), view.action
        if outcome is None:
            return WayBack(f"{PATH}/{handle}")
        asked = action.request.protocol
        return await self._ending(action).way_back(Ended(asked, outcome, action.why, action.action_id))

    async def returned(self, request: Request, value: str) -> WayBack:
        """The way back to the partner for a browser that came back from the app with a return value.

        Raises:
            UnknownAction: no such value, or it was used.
            StartedElsewhere: the value belongs to an action that another browser began; it stays unused.
        """
        try:
            return await self._collected(request, await self._actions.collect_return(value, self._browser(request)))
        except (RequestEnded, RequestExpired) as error:
            raise UnknownAction("the return value was used or its time is over") from error
        except ResultFault:
            action = await self._actions.returning(value)
            ended = Ended(action.request.protocol, "failed", None, action.action_id)
            return await self._ending(action).way_back(ended)

    # --- between ---------------------------------------------------------------------------------------------

    async def _view(self, request: Request, handle: str) -> ActionView:
        view = await self._actions.for_browser(handle, self._browser(request))
        state = state_at(view, self._clock.now())
        return view if state is view.state else msgspec.structs.replace(view, state=state, extensible=False)

    def _browser(self, request: Request) -> bytes:
        return cookies.known_hash(request) or b""

    def _ending(self, action: Action) -> Ending:
        return self._endings[action.request.protocol["door"]]

    async def _collected(self, request: Request, collected: Collected) -> WayBack:
        if collected.trusting is not None:
            await trust(self._actions, request, collected.trusting, collected.request, self._ids)
        return await self._endings[collected.protocol["door"]].way_back(collected)


def _language(request: Request, action: Action) -> str:
    return languages.choose(request.query_params.get("lang"), None, action.request.language)


def _heading(kind: str, *, here: bool) -> str:
    """The first line of the page; on pages of the scheme itself nobody signs for anybody."""
    return "signin.heading.signing_here" if here and kind == "signing" else f"signin.heading.{kind}"
