"""Pure decisions: which duties an incident starts, whether it is significant, what is published and announced."""
