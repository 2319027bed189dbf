"""Installations, and what a partner needs to begin a login there."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ipse.app.keystores import create_keystore, open_keystore
from ipse.kernel.clock import SystemClock
from ipse.kernel.ids import RandomIds
from ipse.kernel.settings import Environment
from ipse.partners.model import AuthMethod, Partner, Preset, Service, ServiceType, preset_algorithms
from ipse.partners.service import Partners
from ipse.storage.database import open_database
from tests.functional.app.installation import Place, production, production_in, sandbox
from tests.support.presence import absent

LOGIN = {
    "client_id": "shop",
    "response_type": "code",
    "scope": "openid service:SHOP_LOGIN",
    "redirect_uri": "https://shop.example/back",
    "state": "s" * 32,
    "nonce": "n" * 32,
    "code_challenge": "c" * 43,
    "code_challenge_method": "S256",
}


@pytest.fixture(scope="session")
def migrated_file(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], str]:
    """Copies a migrated SQLite file into a folder; returns its address."""

    def copy(folder: Path) -> str:
        for part in migrated_sqlite.parent.glob(f"{migrated_sqlite.name}*"):
            target = folder / part.name.replace(migrated_sqlite.name, "ipse.db")
            shutil.copyfile(part, target)
            target.chmod(0o600)
        return f"sqlite://{folder / 'ipse.db'}"

    return copy


@pytest.fixture
def small(tmp_path: Path, migrated_file: Callable[[Path], str], sandbox_keys: Path) -> Place:
    """A sandbox on SQLite, with keys."""
    place = sandbox(tmp_path, migrated_file(tmp_path))
    shutil.copy(sandbox_keys, tmp_path)
    return place


@pytest.fixture(scope="session")
def sandbox_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key file, to be copied."""
    return create_keystore(f"file:{tmp_path_factory.mktemp('keys')}/keystore.json", RandomIds())


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of production with certificates, a token and keys, to be copied."""
    if shutil.which("softhsm2-util") is None:
        absent("SoftHSM", "run `make test` as root, or `apt-get install softhsm2`")
    folder = tmp_path_factory.mktemp("production")
    made = production(folder, f"sqlite://{folder / 'ipse.db'}").ipse("keys", "init")
    assert made.returncode == 0, made.stderr
    return folder


@pytest.fixture
def proper(tmp_path: Path, migrated_file: Callable[[Path], str], made_once: Path) -> Place:
    """Production on SQLite, complete: it starts."""
    folder = tmp_path / "proper"
    shutil.copytree(made_once, folder)
    return production_in(folder, migrated_file(folder))


@pytest.fixture
async def on_engine(database_url: str, tmp_path: Path, sandbox_keys: Path) -> Place:
    """A sandbox on each engine, with keys and a shop."""
    place = sandbox(tmp_path, database_url)
    shutil.copy(sandbox_keys, tmp_path)
    await open_shop(place)
    return place


async def open_shop(place: Place, redirect_uri: str = LOGIN["redirect_uri"]) -> None:
    """Register a partner and its service, as `ipse partner` does."""
    keystore = open_keystore(f"file:{place.folder}/keystore.json")
    database = await open_database(place.settings["database"])
    partners = Partners(database, keystore, SystemClock(), Environment.SANDBOX)
    method = AuthMethod.CLIENT_SECRET_POST
    algorithms = preset_algorithms(Preset.NEW, method, encryption_key_type=None)
    texts = dict.fromkeys(("nl", "fr", "de", "en"), "Shop")
    shop = Partner("shop", "Shop", "active", method, None, algorithms)
    login = Service("SHOP_LOGIN", "shop", ServiceType.AUTHENTICATION, "active", texts, texts, (redirect_uri,), {})
    await partners.register_partner(shop, secret=RandomIds().secret(), actor="test")
    await partners.register_service(login, actor="test")
    await database.close()
