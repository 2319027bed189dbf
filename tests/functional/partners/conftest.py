"""Keys of an installation, made once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ipse.app.keystores import create_keystore, open_keystore
from ipse.kernel.ids import RandomIds

if TYPE_CHECKING:
    from ipse.kernel.keystore import Keystore


@pytest.fixture(scope="session")
def keystore(tmp_path_factory: pytest.TempPathFactory) -> Keystore:
    path = tmp_path_factory.mktemp("keys") / "keystore.json"
    create_keystore(f"file:{path}", RandomIds())
    return open_keystore(f"file:{path}")
