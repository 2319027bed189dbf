"""The history of the certification service's own database."""
