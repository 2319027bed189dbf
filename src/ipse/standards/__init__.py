"""Pure protocol code: one specification, one module. No knowledge of our domain, no I/O."""
