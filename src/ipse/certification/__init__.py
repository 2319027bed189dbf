"""The certification service: a process of its own that issues people's signing certificates and answers for them.

An **issuing authority** under a **root** made at a **ceremony**; a **responder** (OCSP) and a list (CRL) that say
whether a certificate still holds; an authority for **time stamps** (RFC 3161). Whoever registers people asks for
certificates over EST or JSON (`ipse.standards.certification`). An outside service can replace it. Start with
`settings`, then `ceremony`, `authority`, `server`.
"""
