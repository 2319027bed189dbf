"""Partners: the organisations that rely on the scheme, their services, keys, algorithms and attribute contracts.

A service, not the partner, carries type, redirect URIs and what may be asked. Start with `model`, then `service`.
"""

from ipse.partners.errors import PartnerRegistrationError
from ipse.partners.model import Algorithms, AuthMethod, Partner, Preset, Service, ServiceType

__all__ = ["Algorithms", "AuthMethod", "Partner", "PartnerRegistrationError", "Preset", "Service", "ServiceType"]
