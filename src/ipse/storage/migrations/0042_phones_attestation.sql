-- What a phone's maker says of its device key, kept for those who verify it for themselves.
alter table phones_phones add column attestation text;
