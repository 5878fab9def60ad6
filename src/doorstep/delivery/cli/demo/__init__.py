"""`doorstep demo`: a sample retailer with all its partners on this machine, and one order from purchase to refund."""

from __future__ import annotations

from doorstep.delivery.cli.demo.command import demo

__all__ = ["demo"]
