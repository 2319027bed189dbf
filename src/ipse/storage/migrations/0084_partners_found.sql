-- A help desk looks a reference up without knowing the partner.
create index partners_refusals_found on partners_refusals (reference) where reference <> '';
