"""What all processes share about calls to partners: rate limits, circuits, access tokens, files that were sent."""

from __future__ import annotations

from doorstep.kernel.shared_calls.gate import SharedGate
from doorstep.kernel.shared_calls.sent_files import SharedSentLog
from doorstep.kernel.shared_calls.tokens import SharedTokens

__all__ = ["SharedGate", "SharedSentLog", "SharedTokens"]
