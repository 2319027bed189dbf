"""How people are told what happens to their identity: which ways there are, and where they lead."""

from __future__ import annotations

import ssl
from dataclasses import dataclass

from ipse.attributes.errors import NoFactsError
from ipse.attributes.service import Attributes
from ipse.kernel.clock import Clock
from ipse.kernel.ids import Ids
from ipse.kernel.settings import Mail, Settings, SettingsError
from ipse.notices.clients import MailClient, SmsClient
from ipse.notices.model import Channel, Contact, Reachable, Sender
from ipse.notices.service import Delivery, Notices
from ipse.people.errors import UnknownAccountError
from ipse.people.service import People
from ipse.storage.database import Database
from ipse.web import languages
from ipse.web.outgoing import Outgoing

BLOCK_PAGE = "/block"
"""Where anybody blocks an identity without logging in."""


@dataclass(frozen=True)
class Contacts:
    """Looks up how a person is reached, out of what is sealed under their key."""

    people: People
    attributes: Attributes

    async def __call__(self, account_id: str) -> Reachable | None:
        """First name, language and addresses; None when the person is gone."""
        try:
            account = await self.people.account(account_id)
            facts = await self.attributes.facts(account_id)
        except (UnknownAccountError, NoFactsError):
            return None
        contacts = []
        if facts.email:
            contacts.append(Contact(Channel.MAIL, facts.email))
        if number := facts.phone_number or facts.stated_phone_number:
            contacts.append(Contact(Channel.SMS, number))
        return Reachable(facts.given_name or facts.family_name, account.language, tuple(contacts))


def build_delivery(
    settings: Settings,
    notices: Notices,
    people: People,
    attributes: Attributes,
    database: Database,
    *,
    clock: Clock,
    ids: Ids,
) -> Delivery:
    """Everything that sends notices.

    Raises:
        SettingsError: the mail server's authority cannot be read.
    """
    mail = None if settings.mail is None else MailClient(settings.mail, _mail_context(settings.mail), clock, ids)
    sms = None if settings.sms is None else SmsClient(settings.sms, Outgoing(settings.environment, peer="sms_gateway"))
    return Delivery(
        notices=notices,
        database=database,
        clock=clock,
        reach=Contacts(people, attributes),
        texts=languages.load(("ipse.notices",)),
        sender=Sender(settings.name, settings.base_url + BLOCK_PAGE),
        mail=mail,
        sms=sms,
    )


def _mail_context(mail: Mail) -> ssl.SSLContext | None:
    if mail.security == "none":
        return None
    try:
        return ssl.create_default_context(cafile=mail.authority)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(f"mail.authority {mail.authority} cannot be used: {error}") from error
