"""The worker: applies stored messages, allocates orders, runs deliveries and periodic jobs."""

from __future__ import annotations

from doorstep.delivery.worker.loop import Worker

__all__ = ["Worker"]
