-- What a method asks one browser to answer, once: a nonce for a card or passkey, a state for a bank's return.
create table fallback_challenges (
  challenge_hash bytea primary key,
  action_id text not null,
  method text not null,
  browser_hash bytea not null,
  sealed bytea,
  created_at bigint not null
);

create index fallback_challenges_created_at on fallback_challenges (created_at);
