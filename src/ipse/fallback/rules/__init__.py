"""Pure decisions: `codes` judges one-time codes, `showing` reads what a person is shown."""
