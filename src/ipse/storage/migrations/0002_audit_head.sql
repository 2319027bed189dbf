-- One row that writers of the audit log update first, so that each waits for the one before it.

create table audit_head (
  name text primary key,
  seq bigint not null,
  digest bytea not null
);

insert into audit_head (name, seq, digest)
select 'head', seq, digest from audit_lines where seq = (select max(seq) from audit_lines);
