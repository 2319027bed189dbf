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
    Channel,
    EidTrust,
    Help,
    Incidents,
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
    Simulated,
    Sms,
    StaffSettings,
    StatusPage,
)
from ipse.kernel.settings.tree import Settings, parse_settings, read_settings
from ipse.kernel.settings.watching import Metrics, StatisticsSettings, Traces

__all__ = [
    "Address",
    "AuditLog",
    "Certification",
    "Channel",
    "EidTrust",
    "Environment",
    "Finding",
    "Fraud",
    "Help",
    "Incidents",
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
    "Simulated",
    "Sms",
    "StaffSettings",
    "StatisticsSettings",
    "StatusPage",
    "Traces",
    "parse_settings",
    "read_settings",
    "refuse",
]
