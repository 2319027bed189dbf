"""Going on without the phone: eID card, bank, passkey, one-time codes, at services that allow it.

A person proves themselves in the browser that began a request, sees there what they would see on the phone, and
decides. What comes of it is never acr basic or advanced, and the token says which way was used. Start with `model`,
then `service.visits`.
"""

from ipse.fallback.errors import FallbackRefused, MalformedFallback, TooManyTries
from ipse.fallback.model import Offer, Setup

__all__ = ["FallbackRefused", "MalformedFallback", "Offer", "Setup", "TooManyTries"]
