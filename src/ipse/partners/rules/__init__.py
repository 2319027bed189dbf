"""What a registration must be like, and how long a fetched key set counts."""
