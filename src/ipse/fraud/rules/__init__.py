"""Pure decisions: places and distances, decay, what signals lead to."""
