"""The world outside the scheme, simulated: banks, mobile operators, partners, and the people who use them.

One process of its own, at the scheme's port + 1 on `127.0.0.1` (another site than `localhost`, so that returning across
sites is real). It shares no code with the scheme: every specification is read a second time here, so that each side is
the other's judge. Nothing of it is a mock: the banks are OpenID providers that verify what they are told, the partners
are relying parties that verify what they get, and all of them can misbehave on request.

Where to start: `world` (its secrets and registrations), `server` (all routes), `bank`, `operators`, `partner`,
`house`, `persons`.

What a bank can be asked for
----------------------------
Banks speak OpenID Connect for Identity Assurance 1.0. Ask by the `claims` parameter of the pushed request, under
`userinfo` or `id_token`, as `verified_claims`:
`{"verification": {"trust_framework": null, …}, "claims": {name: null}}`.
Only what was asked is answered; what the bank does not know is absent, never null.

=====================================  ================================================================================
claim                                  value
=====================================  ================================================================================
`given_name`, `family_name`            text; `given_name` is absent where a person has none
`birthdate`                            `YYYY-MM-DD`
`gender`                               `female`, `male` or `n/a`
`place_of_birth`                       `{locality, country}`; country ISO 3166-1 alpha-3
`nationalities`                        list of ISO 3166-1 alpha-3 (ICAO 9303)
`address`                              `{formatted, street_address, postal_code, locality, country}`; country alpha-3
`phone_number`                         the number the bank knows and has verified, as `+32 400000101`
`email`                                text
`urn:ipse:claim:national_number`       the number in the national register of the country that issued the document
`urn:ipse:claim:card_number`           Belgian card number, 12 digits
`urn:ipse:claim:photo`                 `{format: "image/jpeg", value: <base64>}`, 140 x 200 pixels
`urn:ipse:claim:citizenship`           the nationality in words, as printed on the document: `Belg`
`urn:ipse:claim:official_gender`       as printed on the document: `F`, `M`, `V`, `X`
`urn:ipse:claim:birthdate_as_string`   as printed on the document: `17.05.1988`
`urn:ipse:claim:issuance_locality`     municipality that issued the card (Belgium)
=====================================  ================================================================================

`verification` can be asked for `trust_framework` (`be_bank_idv`, `nl_bank_idv`, `lu_bank_idv`: identifiers of this
sandbox), `assurance_level`, `assurance_process`, `time`, `verification_process` and `evidence`. Evidence is a list of
`{"type": {"value": …}, …}` with the members wanted:

- `electronic_record`: `check_details`, `time`, `record {type: "bank_account", created_at, source {name, country_code}}`
- `document`: `check_details`, `time`, `document_details {type: "idcard"|"passport", document_number, date_of_issuance,
  date_of_expiry, issuer {name, country_code}}`; `country_code` is alpha-3

A bank also takes one parameter of its own in the pushed request, `activation_text`: what the person is about to
activate, in their language. The login page shows it, so that nobody approves somebody else's activation.
"""
