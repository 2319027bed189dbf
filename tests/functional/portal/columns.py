"""Why a column is not in a person's copy. Every other column of the schema is, and the test looks."""

from __future__ import annotations

from typing import Final

_HASH = "a digest or keyed index: it finds, and says nothing"
_KEY = "key material"
_CHANNEL = "secrets of the phone channel"
_ROW = "only ties rows of ours together"
_FORCED = "would tell whoever forces a person that a duress code was used"
_ASKED = "a partner's own letter, sealed for it until its browser is back; gone within a day"

NOBODYS: Final = {
    "audit_head": "one row: the end of the log",
    "broker_sessions": "a partner's session; whose it is stands in its action",
    "csc_given": "positions of a round; no person",
    "csc_pushed": "requests before anybody has come",
    "dss_visits": "a partner's visit; whose it is stands in its action",
    "enrolment_registrars": "registrars",
    "fallback_challenges": "a browser's question of five minutes; names an action",
    "fallback_tries": "guesses by a name's keyed index, somebody's or nobody's",
    "fallback_visits": "who was proved in a browser, sealed for the ten minutes of its visit",
    "fraud_buckets": "counts under keyed digests",
    "fraud_flags": "what was reported about partners and networks; nothing about a person",
    "incidents_": "what was wrong with the service",
    "keyring_": "our own keys",
    "oidc_assertions": "used values of partners",
    "oidc_backchannel": "a partner's request; whose it is stands in its action",
    "oidc_pings": "notifications to partners; name an action",
    "oidc_pushed": "requests before anybody has come",
    "partner_portal_": "partners' own staff and keys; test logins of theirs",
    "panic_guesses": "counts under keyed digests",
    "panic_telephones": "telephone services",
    "partners_": "organisations",
    "people_epochs": _KEY,
    "portal_blocks": "what somebody typed, sealed for a minute; about a number, of which nobody knows whose it is",
    "push_keys": _KEY,
    "sim_answers": "how operators answer; no person",
    "sim_operators": "mobile operators",
    "sim_proofs": "a number that somebody is proving, sealed for minutes, before there is an account",
    "staff_": "those who work for the scheme and its partners",
    "statistics_": "counts without anybody in them",
    "storage_migrations": "which migrations have run",
    "storage_outbox": "news of ids and words for other features, gone when everybody has had it",
    "switches_off": "what is switched off",
}
"""Tables, or beginnings of their names, that hold nothing by account. One that does is looked at all the same."""

NOT_COPIED: Final = {
    "people_accounts": {
        "identity_index": _HASH, "phone_index": _HASH, "epoch": "which key wraps theirs", "wrapped_key": _KEY,
    },
    "people_identities": {"identity_index": _HASH, "account_id": _ROW},
    "people_acceptances": {"account_id": _ROW},
    "people_subjects": {"account_id": _ROW},
    "phones_phones": {
        "mac": _HASH, "chain": _CHANNEL, "challenge": _CHANNEL, "message_digest": _CHANNEL,
        "sealed_answer": "the last answer to the phone, for a repeat: what it says stands elsewhere",
        "quiet_until": _FORCED,
    },
    "phones_code_keys": dict.fromkeys(("code_key_id", "phone_id", "kind", "wrapped_key", "created_at"), _KEY),
    "actions_actions": {
        "handle": "the address of a waiting page", "frame_id": "of the moving code", "browser_hash": _HASH,
        "return_hash": _HASH, "code_hash": _HASH, "code_expires_at": "of a code that is spent", "token_hash": _HASH,
        "code_seconds": "a setting", "token_seconds": "a setting", "token_binding": "the partner's key",
        "sealed_content": "empty as soon as somebody has decided: it is in what was shown", "account_id": _ROW,
    },
    "attributes_documents": {"account_id": _ROW},
    "attributes_evidence": {"account_id": _ROW},
    "sim_watches": {"number_index": _HASH},
    "sim_subscriptions": {"account_id": _ROW, "token_hash": _HASH},
    "panic_sheets": {"account_id": _ROW, "code_index": _HASH},
    "notices_notices": {"account_id": _ROW},
    "oidc_discoveries": {
        "token_hash": _HASH, "polled_at": "how the partner polls", "hasty": "how the partner polls",
    },
    "fraud_browsers": {"token_hash": _HASH, "account_id": _ROW},
    "fraud_starts": {"token_hash": _HASH},
    "fingerprints_credentials": {"public_key": _KEY, "account_id": _ROW},
    "push_subscriptions": {"account_id": _ROW},
    "enrolment_enrolments": {
        "ticket_hash": _HASH, "browser_hash": _HASH, "state_hash": _HASH, "value_hash": _HASH, "code_hash": _HASH,
        "nonce_hash": _HASH, "nonce_at": "when the card was asked", "identity_index": _HASH,
        "sealed_exchange": "one-time secrets of the talk with the registrar",
    },
    "mobile_pairings": {"code_index": _HASH, "address_index": _HASH},
    "fallback_setups": {"name_index": _HASH},
    "fallback_passkeys": {
        "decoy": _FORCED, "ticket_hash": _HASH, "user_handle": "random, for the authenticator", "public_key": _KEY,
    },
    "signing_credentials": {"account_id": _ROW},
    "signing_requests": {"account_id": _ROW},
    "csc_accounts": {"name_index": _HASH},
    "csc_rounds": {"sealed_asked": _ASKED, "code_hash": _HASH},
    "console_calls": {"code_hash": _HASH},
    "csc_tokens": {"token_hash": _HASH},
    "csc_responses": {"response_hash": _HASH, "sealed_job": _ASKED, "sealed_result": _ASKED},
    "csc_prepared": {"sealed_state": _ASKED},
    "sessions_sessions": {"session_hash": _HASH, "account_id": _ROW},
    "envelopes_envelopes": {"sealed_key": _KEY},
    "envelopes_documents": {"envelope_id": _ROW, "raised_at": "when its level is tried again"},
    "envelopes_blobs": dict.fromkeys(
        ("blob_id", "envelope_id", "attempt_id", "bytes", "created_at"), "how files are kept; the files are in the copy"
    ),
    "envelopes_pieces": {"blob_id": _ROW, "place": _ROW},
    "envelopes_signers": {"envelope_id": _ROW, "link_hash": _HASH},
    "envelopes_steps": {"step_id": _ROW, "envelope_id": _ROW},
    "portal_openings": {"browser_hash": _HASH},
    "portal_reports": {"account_id": _ROW},
    "audit_lines": {"subject": _ROW, "previous": _HASH, "digest": _HASH},
}  # fmt: skip
"""Columns of tables that hold something by account."""

LEFT_OUT: Final = {
    "audit": f"the block by a duress code: it {_FORCED}",
    "notices": f"the notice of that block, with its sendings: it {_FORCED}",
    "people": f"why the account is blocked, where it is by a duress code: it {_FORCED}",
    "phones": f"until when a phone is quiet, and what its second slot holds: it {_FORCED}",
    "history": f"that an approval was withheld: it {_FORCED}",
}
"""Parts of the copy that say nothing of a duress code, though what they are made of does."""
