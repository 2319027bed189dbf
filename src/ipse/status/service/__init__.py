"""What the status page does: look, remember, sign, tell."""
