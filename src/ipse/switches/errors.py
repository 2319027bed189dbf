"""How what is switched off is refused."""

from __future__ import annotations

from ipse.kernel.errors import PlatformError


class PhoneModelOff(PlatformError):
    """Phones of this model were switched off; the identity is not blocked, and the request stays open."""

    code = "phone_model_off"
    status = 403
    title = "Phones of this model are switched off for now"


class AppVersionOff(PlatformError):
    """This version of the app was switched off; the identity is not blocked, and the request stays open."""

    code = "app_version_off"
    status = 403
    title = "This version of the app is switched off; update it"


class SwitchRefused(PlatformError):
    """A switch that cannot be: no such name, or it stands like that already; `public` says which."""

    code = "switch_refused"
    status = 422
    title = "There is no such switch"
