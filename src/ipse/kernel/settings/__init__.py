"""The shape of the settings: one frozen tree, unknown names refused, no ambient configuration.

`tree` is the whole, `parts` its tables, `checks` what is refused. Start with `tree.Settings`.
"""

from ipse.kernel.fraud import Fraud
from ipse.kernel.lab import Lab
from ipse.kernel.settings.findings import Environment, Finding, SettingsError, refuse
from ipse.kernel.settings.parts import (
    Address,
    AuditLog,
    Certification,
    EidTrust,
    Incident,
    Lifetimes,
    Limit,
    Limits,
    Mail,
    Panic,
    Papers,
    PhonePolicy,
    PushSettings,
    Signing,
    Sim,
    Sms,
    StaffSettings,
)
from ipse.kernel.settings.tree import Settings, parse_settings, read_settings
from ipse.kernel.settings.watching import Metrics, StatisticsSettings, Traces

__all__ = [
    "Address",
    "AuditLog",
    "Certification",
    "EidTrust",
    "Environment",
    "Finding",
    "Fraud",
    "Incident",
    "Lab",
    "Lifetimes",
    "Limit",
    "Limits",
    "Mail",
    "Metrics",
    "Panic",
    "Papers",
    "PhonePolicy",
    "PushSettings",
    "Settings",
    "SettingsError",
    "Signing",
    "Sim",
    "Sms",
    "StaffSettings",
    "StatisticsSettings",
    "Traces",
    "parse_settings",
    "read_settings",
    "refuse",
]
