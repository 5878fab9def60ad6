"""The worker: reads stored messages, routes what is due, delivers facts, runs periodic jobs; any number of processes."""

from __future__ import annotations

from doorstep.delivery.worker.loop import Worker

__all__ = ["Worker"]
