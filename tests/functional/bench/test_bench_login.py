"""`ipse bench login` works, and a login costs the operations that are written down (DESIGN, section 4)."""

from __future__ import annotations

import itertools
import json
import subprocess
from typing import Any

import pytest

from tests.support.sandbox import IPSE

pytestmark = [pytest.mark.processes, pytest.mark.timeout(180)]

SIGNATURES = {
    "new": {"signed ES256": 2, "verified ES256": 3, "ECDH": 1, "RSA-OAEP": 2},
    "migrating": {"signed RS256": 2, "verified ES256": 2, "verified RS256": 1, "ECDH": 1, "RSA-OAEP": 2},
    "fapi2": {"signed ES256": 2, "verified ES256": 6, "ECDH": 1, "RSA-OAEP": 2},
}
"""Signed: ID token and UserInfo. Verified: claim, approval, client assertion; with FAPI 2.0 a second assertion, for the
pushed request, and two DPoP proofs. ECDH: the sealed approval."""
STATEMENTS = {"sqlite": 15, "postgresql": 13}
"""PostgreSQL runs the two pairs of a login as one statement each."""
FAPI2 = 6
"""More with FAPI 2.0: the pushed request is kept, opened, and tied to its request; an assertion and two proofs are used
once each."""
CACHES = 1.5
"""Partners, services and person keys are looked up anew each second or so, switches and incidents every two, and a
first proof lacks the nonce. A slow machine sees more of that for each login; a budget holds the exact count."""
ESTIMATED = 0.3
"""So much may be too little, because what jobs do by themselves is measured apart."""


def test_whole_logins_and_their_cost() -> None:
    done = subprocess.run(
        [*IPSE, "bench", "login", "--rounds", "1", "--seconds", "0.5", "--users", "4", "--json"],
        capture_output=True,
        timeout=170,
        check=False,
    )
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
    figures: dict[str, Any] = json.loads(done.stdout)
    assert figures["calibration"]["es256_verifications"] > 0
    found = {(one["engine"], one["preset"]): one for one in figures["results"]}
    assert set(found) == set(itertools.product(STATEMENTS, SIGNATURES))
    for (engine, preset), one in found.items():
        assert one["errors"] == 0
        assert one["logins"] > 0
        assert one["cpu_ms_per_login"]["server"] > 0
        counts = one["per_login"]
        statements = counts.pop("statements")
        expected = STATEMENTS[engine] + (FAPI2 if preset == "fapi2" else 0)
        assert -ESTIMATED <= statements - expected <= CACHES
        assert {name: round(count) for name, count in counts.items() if count >= 0.5} == SIGNATURES[preset]
