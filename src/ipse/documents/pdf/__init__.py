"""PDF files: looked at, drawn, and signed as PAdES (EN 319 142-1). All of it runs in workers."""
