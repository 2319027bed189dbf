-- Requests that reach one person's phone without a browser, what a person confirms, and tokens bound to a key.
-- `sealed_content` opens with the installation's request key and is empty as soon as somebody has decided.
alter table actions_actions add column code_seconds bigint not null default 180;

alter table actions_actions add column token_seconds bigint not null default 3600;

alter table actions_actions add column token_binding text;

alter table actions_actions add column sealed_content bytea;

alter table actions_actions add column addressed_at bigint;

create index actions_actions_addressed on actions_actions (account_id, addressed_at) where addressed_at is not null;
