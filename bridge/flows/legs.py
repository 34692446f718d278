"""What an agent's leg is doing."""

from __future__ import annotations

from pbx.interface import Leg, LegRole


def talks(leg: Leg) -> bool:
    """Took the call, or made it."""
    return leg.ended_at is None and (leg.role is LegRole.CALLER or leg.answered_at is not None)


def rings(leg: Leg) -> bool:
    """Was asked, and has neither taken the call nor been let off."""
    over = leg.answered_at or leg.withdrawn_at or leg.ended_at
    return leg.role is LegRole.AGENT and (leg.invited_at or leg.ringing_at) is not None and over is None
