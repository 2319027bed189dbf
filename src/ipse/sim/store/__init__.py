"""SQL of this feature: `operators`, `proofs`, `watches`, `subscriptions`."""
