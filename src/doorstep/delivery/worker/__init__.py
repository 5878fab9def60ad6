"""The worker: applies stored messages, allocates orders, runs deliveries and periodic jobs."""

from __future__ import annotations

from doorstep.delivery.worker.loop import Worker
from doorstep.delivery.worker.supervisor import Supervisor

__all__ = ["Supervisor", "Worker"]
