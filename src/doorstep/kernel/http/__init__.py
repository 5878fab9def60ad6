"""HTTP client for partner calls: retries, rate limits, and clear errors when the outcome is unknown."""

from __future__ import annotations

from doorstep.kernel.http.call import Authorize, Details, Mode, ReadLimit, Renewable, basic, bearer, header
from doorstep.kernel.http.policy import Policy, in_background
from doorstep.kernel.http.responses import (
    AuthFailed,
    Rejected,
    Response,
    Shadowed,
    SwitchedOff,
    Unanswered,
    explained,
)
from doorstep.kernel.http.session import Session, Shared
from doorstep.kernel.http.tokens import Bearer, Grant, Token, Tokens

__all__ = [
    "AuthFailed",
    "Authorize",
    "Bearer",
    "Details",
    "Grant",
    "Mode",
    "Policy",
    "ReadLimit",
    "Rejected",
    "Renewable",
    "Response",
    "Session",
    "Shadowed",
    "Shared",
    "SwitchedOff",
    "Token",
    "Tokens",
    "Unanswered",
    "basic",
    "bearer",
    "explained",
    "header",
    "in_background",
]
