"""Pure decisions. `turns`: who may sign; `marks`: where signatures show; `forms`: what people type."""
