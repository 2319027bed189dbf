"""A person's portal put together: what it stands on, and the part that each feature gives to a person's copy.

Whoever keeps something by account has a part here and a handler in `news`; the test of the schema's columns asks both.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from ipse.actions.service.histories import Histories
from ipse.audit.service import Audit
from ipse.console.service.copies import copy_looks
from ipse.enrolment.service.deletions import Deletions
from ipse.envelopes.model import PAGE, EnvelopeState, Full, SignerState
from ipse.envelopes.service.copies import EnvelopeCopies
from ipse.mobile.service.moves import copy_pairings
from ipse.oidc.service.backchannel import copy_discovered
from ipse.portal.model import Paper, Part
from ipse.portal.service import Acts, Copies, Identity, PartnerNews, Portal, Relations

if TYPE_CHECKING:
    from ipse.app.features import Features
    from ipse.app.given import Given


def open_portal(given: Given, features: Features) -> Portal:
    """Put it together, on the services below it and beside it."""
    settings, actions, desk = given.settings, features.actions, features.desk
    histories = Histories(actions, features.messages.notices)
    envelopes = EnvelopeCopies(features.doors.deleting.vault)
    tokens = features.doors.csc.tokens
    acts = Acts(actions, histories, scheme=settings.name, origin=settings.base_url)
    relations = Relations(
        histories, features.people, desk, given.clock, given.ids, bindings=tokens.bindings, unbinding=tokens.unbinding
    )
    identity = Identity(
        actions,
        features.messages,
        features.attributes,
        features.enrolments,
        features.sims,
        features.approvals.fingerprints,
        features.fallback,
        features.panic,
        features.delivery,
        Audit(given.database),
    )
    news = PartnerNews(
        given.database,
        features.people,
        desk,
        keys=lambda: features.provider.keys.signing,
        issuer=settings.issuer,
        clock=given.clock,
        ids=given.ids,
    )
    parts = {
        **_parts(given, features, histories, envelopes),
        "portal": acts.copy,
        "withdrawals": relations.copy,
    }
    copies = Copies(given.clock, settings.issuer, parts, files=(envelopes.files,))
    return Portal(
        acts,
        histories,
        relations,
        identity,
        copies,
        news,
        deletions=Deletions(features.people, features.attributes, features.messages),
        credentials=features.signing.credentials.of,
        papers=partial(_papers, envelopes),
        signs=features.doors.envelopes is not None,
    )


async def forget_shells(features: Features) -> int:
    """Delete what is left of people who left long ago. A job; returns how many."""
    gone = await features.people.shells_over()
    for account_id in gone:
        await features.portal.histories.forget_shell(account_id)
        await features.phones.forget_shell(account_id)
        await features.people.forget_shell(account_id)
    return len(gone)


def _parts(given: Given, features: Features, histories: Histories, envelopes: EnvelopeCopies) -> Mapping[str, Part]:
    """What each feature keeps of a person, by the part's name."""
    return {
        "attributes": features.attributes.copy,
        "number": features.sims.watches.copy,
        "people": features.people.copy,
        "phones": features.phones.copy,
        "history": histories.copy,
        "envelopes": envelopes.copy,
        "signing": features.signing.credentials.copy,
        "signing_api": features.doors.csc.tokens.copy,
        "fingerprints": features.approvals.fingerprints.copy,
        "fallback": features.fallback.setups.copy,
        "browsers": features.actions.fraud.browsers.copy,
        "sheets": features.panic.copy,
        "sessions": features.doors.sessions.copy,
        "notices": features.delivery.copy,
        "push": features.push.copy,
        "enrolments": features.enrolments.copy,
        "moves": partial(copy_pairings, given.database),
        "discoveries": partial(copy_discovered, given.database),
        "help_desk": partial(copy_looks, given.database),
        "audit": Audit(given.database).copy,
    }


async def _papers(envelopes: EnvelopeCopies, account_id: str) -> list[Paper]:
    """A person's documents on our own pages."""
    return [_paper(full, account_id) for full in await envelopes.vault.of_person(account_id)]


def _paper(full: Full, account_id: str) -> Paper:
    own = full.signer_of(account_id)
    return Paper(
        address=f"{PAGE}/{full.envelope.envelope_id}",
        title=full.envelope.about.title,
        state=str(full.envelope.state),
        owner=full.envelope.account_id == account_id,
        signed=sum(signer.state is SignerState.SIGNED for signer in full.signers),
        signers=len(full.signers),
        waits=full.envelope.state is EnvelopeState.OPEN and own is not None and own.state is SignerState.WAITING,
        created_at=full.envelope.created_at,
        ended_at=full.envelope.ended_at,
        delete_at=full.envelope.delete_at,
    )
