"""Documents of people and partners, read and written by worker processes.

A worker holds nothing else and is limited in time, memory, files and network: whatever a hostile file does to one, it
does to nobody. Start with `service`.
"""

from ipse.standards.asn1_lengths import mend

mend()
