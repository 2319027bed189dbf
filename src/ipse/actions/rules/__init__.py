"""Pure decisions of actions: starts, what is shown, what is released."""
