-- The synthetic login begins a request every few seconds; a job deletes them after a day, and finds them by this alone.

create index actions_actions_synthetic on actions_actions (created_at) where partner_id = 'ipse-probe';
