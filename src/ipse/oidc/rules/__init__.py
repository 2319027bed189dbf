"""Pure decisions of the provider. `authorization` holds the visible lists of checks; the others their subjects."""
