"""What follows from what was seen: no clock, no file, no network."""
