"""Signature activation: the process that alone can use people's signing keys, and believes nothing of the scheme.

A **credential** is a key bound to the phone and to the code it was made under. An **approval** is what that phone has
signed and sealed to this process: what was shown, digest by digest. `rules` judges it, `service` makes keys and signs,
`keys` holds them, `register` knows what is newest, so that an older copy of a row is worth nothing. Start with
`service`; the wire is `ipse.standards.signature_activation`.
"""
