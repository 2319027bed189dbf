"""The addresses of moving, objecting, deleting, and of what the second channel told."""

from __future__ import annotations

from ipse.mobile.http.channel import Body
from ipse.mobile.service import Mobile
from ipse.mobile.service.changes import Changes
from ipse.mobile.service.moves import Moves
from ipse.notices.service import Delivery


def recovery_operations(mobile: Mobile, delivery: Delivery) -> dict[str, Body]:
    """Each message by its address."""
    moves, changes = Moves(mobile), Changes(mobile, delivery)
    return {
        "/pairings": lambda body, request: moves.pair(body, address=request.scope["ipse.address"]),
        "/pairings/state": lambda body, _request: moves.pairing(body),
        "/pairings/meeting": lambda body, request: moves.meet(body, address=request.scope["ipse.address"]),
        "/pairings/parting": lambda body, _request: moves.part(body),
        "/hand-over": lambda body, _request: moves.hand_over(body),
        "/take-over": lambda body, _request: moves.take_over(body),
        "/objections": lambda body, _request: changes.object(body),
        "/notices": lambda body, _request: changes.told(body),
        "/number": lambda body, _request: changes.change_number(body),
        "/number/return": lambda body, _request: changes.number_return(body),
        "/deletion": lambda body, _request: changes.delete(body),
    }
