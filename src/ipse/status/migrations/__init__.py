"""The history of the status page's own tables; `ipse.storage.migrations` runs it."""
