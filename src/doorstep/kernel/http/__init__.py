"""HTTP client for partner calls: retries, rate limits, and clear errors when the outcome is unknown."""

from __future__ import annotations

from doorstep.kernel.http.call import Authorize, Details, Mode, basic, bearer, header
from doorstep.kernel.http.responses import (
    AuthFailed,
    Rejected,
    Response,
    Shadowed,
    SwitchedOff,
    Unanswered,
    explained,
)
from doorstep.kernel.http.session import Session
from doorstep.kernel.http.throttle import Policy

__all__ = [
    "AuthFailed",
    "Authorize",
    "Details",
    "Mode",
    "Policy",
    "Rejected",
    "Response",
    "Session",
    "Shadowed",
    "SwitchedOff",
    "Unanswered",
    "basic",
    "bearer",
    "explained",
    "header",
]
