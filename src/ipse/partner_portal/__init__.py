"""The partners' portal: an organisation registers itself, keeps its services and keys, tries logins, sees what happens.

It stands on the staff origin, under `/partners`, and changes nothing but through `ipse.partners`: the same rules as at
the command line. Start with `model`, then `service`.
"""

from ipse.partner_portal.errors import FormRefused
from ipse.partner_portal.model import PAGE, ManagementKey, Organisation

__all__ = ["PAGE", "FormRefused", "ManagementKey", "Organisation"]
