"""Tables of the provider, a module for each. `oidc_assertions` is of no use any more: see `partners.store.replays`."""
