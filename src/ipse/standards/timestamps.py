"""The answer of a time-stamping authority (RFC 3161 §2.4.2): its token may be missing, where asn1crypto wants one."""

from __future__ import annotations

from asn1crypto import cms, core, tsp

from ipse.standards.asn1_lengths import mend

mend()


class TimestampAnswer(core.Sequence):  # type: ignore[misc]  # asn1crypto is not typed
    """TimeStampResp."""

    _fields = [  # noqa: RUF012 - as asn1crypto has it
        ("status", tsp.PKIStatusInfo),
        ("time_stamp_token", cms.ContentInfo, {"optional": True}),
    ]
