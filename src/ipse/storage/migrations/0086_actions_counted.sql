-- Requests are counted by when they began.
create index actions_actions_created on actions_actions (created_at);
