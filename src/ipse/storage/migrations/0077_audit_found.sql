-- What was done to one thing, and when.

create index audit_lines_subject on audit_lines (subject, seq);

create index audit_lines_at on audit_lines (at);
