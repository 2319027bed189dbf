"""A register of partners on a database of the test's own."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any

from ipse.app.keystores import KeyMaterial, LoadedKeystore
from ipse.app.registry import CATALOGUE
from ipse.kernel.clock import FrozenClock
from ipse.kernel.ids import RandomIds
from ipse.kernel.keystore import WORKING_KEY_USES
from ipse.kernel.settings import Environment
from ipse.partners.model import AuthMethod, Partner, Preset, Service, ServiceType, preset_algorithms
from ipse.partners.service import PartnerDesk, Partners
from ipse.standards import jose

if TYPE_CHECKING:
    from ipse.storage.database import Database

TEXTS = dict.fromkeys(("nl", "fr", "de", "en"), "Shop")
SECRET = "0123456789abcdef0123456789abcdef"
KEYS = {"keys": [jose.public_jwk(jose.new_private_jwk(alg, kid=alg)) for alg in ("ES256", "ECDH-ES")]}
SECRET_POST, KEY = AuthMethod.CLIENT_SECRET_POST, AuthMethod.PRIVATE_KEY_JWT


def desk(database: Database, environment: Environment = Environment.SANDBOX) -> PartnerDesk:
    ids = RandomIds()
    material = KeyMaterial({use: b64encode(ids.octets(32)).decode() for use in WORKING_KEY_USES}, {})
    partners = Partners(database, LoadedKeystore(material), FrozenClock(), environment, CATALOGUE)
    return PartnerDesk.around(partners, ids)


def moved(desk: PartnerDesk, seconds: float) -> None:
    """Let time pass."""
    assert isinstance(desk.partners.clock, FrozenClock)
    desk.partners.clock.advance(seconds=seconds)


def secret_partner(**changes: Any) -> Partner:
    algorithms = preset_algorithms(Preset.NEW, SECRET_POST, encryption_key_type=None)
    given: dict[str, Any] = {
        "partner_id": "shop", "name": "Shop", "state": "active", "auth_method": SECRET_POST, "jwks": None,
        "algorithms": algorithms,
    }  # fmt: skip
    return Partner(**(given | changes))


def key_partner(**changes: Any) -> Partner:
    algorithms = preset_algorithms(Preset.NEW, KEY, encryption_key_type="EC")
    return secret_partner(**({"auth_method": KEY, "jwks": KEYS, "algorithms": algorithms} | changes))


def service(**changes: Any) -> Service:
    given: dict[str, Any] = {
        "code": "SHOP_LOGIN", "partner_id": "shop", "type": ServiceType.AUTHENTICATION, "state": "active",
        "name": TEXTS, "purpose": {}, "redirect_uris": ("https://shop.example/back",), "contract": {},
    }  # fmt: skip
    return Service(**(given | changes))
