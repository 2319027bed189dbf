"""The history of this process's own database."""
