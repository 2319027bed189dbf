-- New people are counted by the day.
create index people_accounts_created on people_accounts (created_at);
