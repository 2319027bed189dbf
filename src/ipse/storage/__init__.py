"""SQLite and PostgreSQL behind one small face.

SQL is written by hand in each feature's `store.py`, one text for both engines, and run here. Start with `database`.
`publishing` writes news for other features with what happened, `outbox` hands it out.
`wakeups` tells waiting requests, in this process and others, that something changed; `migrations` carries the schema.
What is kept beside a database: `private_files` that only their owner reads, and the `security_module` that opens them.
"""
