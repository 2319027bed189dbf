"""Which algorithms still prove something."""

from __future__ import annotations

from typing import Final

from pyhanko.sign.validation.utils import CMSAlgorithmUsagePolicy
from pyhanko_certvalidator.policy_decl import DisallowWeakAlgorithmsPolicy

LEAST_RSA_BITS: Final = 2048

ALLOWED: Final = CMSAlgorithmUsagePolicy.lift_policy(
    DisallowWeakAlgorithmsPolicy(
        weak_hash_algos=frozenset({"md2", "md5", "sha1"}), rsa_key_size_threshold=LEAST_RSA_BITS
    )
)
"""SHA-2 and SHA-3, RSA of 2,048 bits and more, elliptic curves (ETSI TS 119 312)."""
