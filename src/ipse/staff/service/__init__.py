"""Use cases of staff.

`Staff` is its members, `Passkeys` how they prove themselves, `StaffSessions` whose browser it is, `Reviews` what waits
for a second person.
"""

from ipse.staff.service.members import Letter, Staff
from ipse.staff.service.passkeys import Passkeys
from ipse.staff.service.reviews import Act, Reviews
from ipse.staff.service.sessions import StaffSessions

__all__ = ["Act", "Letter", "Passkeys", "Reviews", "Staff", "StaffSessions"]
