"""What a phone's approval leaves behind, for tests that play without phones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from ipse.actions.model import Action, Approval, Confidential, Shown, Start
from ipse.actions.rules.showing import Seen, build_shown, digest_of
from ipse.kernel.ids import b64u


def shown_to_a_phone(
    action: Action, values: Mapping[str, Any], confidential: Confidential, *, level: str = "substantial"
) -> Shown:
    """The document that a phone would show and sign."""
    return build_shown(action, values, confidential, Seen(bytes(32), "en", level, Start.QR))


def signed_by_a_phone(shown: Shown, shared: tuple[str, ...] = ()) -> Approval:
    """The evidence of an approval of it, with a signature that nobody looks at any more."""
    payload = b64u(msgspec.json.encode({"type": "approval", "shown": digest_of(shown)}))
    return Approval(f"e30.{payload}.AA", shared, {}, "192.0.2.1")
