"""Several files in one container, signed with XAdES: ASiC-E (EN 319 162-1, EN 319 132-1). All of it runs in workers."""
