"""Simulations and trials of routing rules."""

from __future__ import annotations

from doorstep.delivery.console.lab import pages, trial

ROUTES = (*pages.ROUTES, *trial.ROUTES)
