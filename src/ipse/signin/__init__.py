"""The waiting page, QR, app link and return: the one way from a front door to a phone.

A front door begins an action (`actions`) and answers the browser with `service.SignIn.start_page`; `http` holds the
addresses under `/v2/sign-in`. How a request ends for the partner is the front door's own (`model.Ending`).
"""

from ipse.signin.model import Ended, Ending, WayBack

__all__ = ["Ended", "Ending", "WayBack"]
