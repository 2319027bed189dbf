-- The key sets of the installation. One row for each set decides who makes its next generation: whoever moves the number on.
create table keyring_sets (
    key_set text primary key,
    generation bigint not null,
    changed_at bigint not null
);

-- One private key, sealed under the keystore's key for signing keys, and the times of its life (microseconds UTC).
create table keyring_keys (
    kid text primary key,
    key_set text not null,
    generation bigint not null,
    algorithm text not null,
    purpose text not null,
    sealed bytea not null,
    made_at bigint not null,
    published_at bigint not null,
    current_at bigint not null,
    leaves_at bigint,
    gone_at bigint
);

create index keyring_keys_set on keyring_keys (key_set, generation);
