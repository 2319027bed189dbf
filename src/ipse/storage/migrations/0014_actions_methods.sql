-- How a request was approved: `code`, `fingerprint`, or a way that goes without the phone. Older rows: by code.
alter table actions_actions add column method text;
