-- People signed in to the scheme's own pages, in one browser each. Only the hash of what the browser carries stands here.
create table sessions_sessions (
    session_hash bytea primary key,
    account_id text not null,
    action_id text not null,
    level text not null,
    created_at bigint not null,
    seen_at bigint not null,
    expires_at bigint not null
);

create unique index sessions_sessions_action on sessions_sessions (action_id);

create index sessions_sessions_account on sessions_sessions (account_id);

create index sessions_sessions_expires_at on sessions_sessions (expires_at);
