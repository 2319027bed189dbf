"""The two ways out: a mail server (SMTP, RFC 5321) and an SMS gateway (HTTPS)."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

import aiosmtplib
import msgspec

from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.ids import Ids
from ipse.kernel.settings import Mail, Sms
from ipse.telemetry.calls import calling
from ipse.web.outgoing import Outgoing, OutgoingError

SECONDS: Final = 15.0
_MOST_BYTES: Final = 8192


class NotDeliveredError(Exception):
    """A message was not taken. `reason` is for the log and holds no address; `final` when trying again is no use."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.final = final


@dataclass(frozen=True)
class MailClient:
    """Hands messages to the installation's mail server."""

    settings: Mail
    context: ssl.SSLContext | None
    clock: Clock
    ids: Ids

    async def send(self, to: str, *, subject: str, text: str, language: str) -> None:
        """Send one message of plain text.

        Raises:
            NotDeliveredError: the server did not take it within its seconds.
        """
        mail = self.settings
        message = EmailMessage()
        try:
            message["From"], message["To"], message["Subject"] = mail.sender, to, subject
        except ValueError as error:
            raise NotDeliveredError("an address that no header can hold", final=True) from error
        message["Date"] = _date(self.clock.now())
        message["Message-ID"] = f"<{self.ids.identifier()}@{mail.sender.rpartition('@')[2]}>"
        message["Content-Language"] = language
        # Programs that answer by themselves leave it alone (RFC 3834 §5).
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text)
        try:
            with calling("mail_server"):
                await aiosmtplib.send(
                    message,
                    hostname=mail.host,
                    port=mail.port,
                    username=mail.username or None,
                    password=mail.password or None,
                    use_tls=mail.security == "tls",
                    start_tls=mail.security == "starttls",
                    tls_context=None if mail.security == "none" else self.context,
                    timeout=SECONDS,
                )
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = {refused.code for refused in error.recipients}
            raise NotDeliveredError("the address was refused", final=all(code >= 500 for code in codes)) from error
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            raise NotDeliveredError(f"mail server: {type(error).__name__}") from error


@dataclass(frozen=True)
class SmsClient:
    """Hands text messages to a gateway that takes `{"to", "text"}` with a bearer token."""

    settings: Sms
    outgoing: Outgoing

    async def send(self, to: str, text: str) -> None:
        """Send one text message to a number such as `+32 400000101`.

        Raises:
            NotDeliveredError: the gateway did not take it within its seconds.
        """
        body = msgspec.json.encode({"to": "".join(to.split()), "text": text})
        headers = {"Authorization": f"Bearer {self.settings.token}", "Content-Type": "application/json"}
        try:
            answer = await self.outgoing.fetch(
                self.settings.url, method="POST", headers=headers, body=body, most_bytes=_MOST_BYTES, seconds=SECONDS
            )
        except OutgoingError as error:
            raise NotDeliveredError(f"SMS gateway: {error.reason}") from error
        if answer.status in {400, 422}:
            raise NotDeliveredError(f"SMS gateway answered {answer.status}", final=True)
        if not 200 <= answer.status < 300:
            raise NotDeliveredError(f"SMS gateway answered {answer.status}")


def _date(now: int) -> str:
    return format_datetime(datetime.fromtimestamp(now // SECOND, UTC))
