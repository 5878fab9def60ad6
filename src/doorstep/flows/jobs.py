"""What runs by the clock. Each job belongs to a queue: steps where none is named. What follows from an event stands in map.py."""

from __future__ import annotations

import functools
import time

from doorstep.flows import connection_checks, operations
from doorstep.flows.allocation import capacity, exception_queues, scheduled_runs
from doorstep.flows.allocation.optimize import reoptimize, scarcity_prices
from doorstep.flows.availability import available_to_promise, cart_reservations
from doorstep.flows.comparison import compare
from doorstep.flows.context import Job
from doorstep.flows.fulfillment import release, unaccepted, warehouse
from doorstep.flows.network import outage_control
from doorstep.flows.payments import look_up as payment_look_up
from doorstep.flows.routing_rules import hindsight, simulation_jobs, trial_control
from doorstep.flows.shipping import consolidation
from doorstep.flows.shipping import look_up as shipping_look_up
from doorstep.flows.stock import cycle_counts, publish, replenish
from doorstep.kernel.queues import Queue

_HOUR, _DAY = 3_600.0, 86_400.0
JOBS: tuple[Job, ...] = (
    Job("connections.check", 60, connection_checks.check_due, queue=Queue.CALLS),
    Job("connections.compare", 60, compare.compare_due, queue=Queue.CALLS),
    Job("carts.expire_reservations", 15, cart_reservations.expire),
    Job("availability.apply_rules_to_new", 30, available_to_promise.apply_rules_to_new),
    Job("availability.recompute_rules", _DAY, available_to_promise.recompute_rules, queue=Queue.CALCULATIONS),
    Job("availability.check_stock_sources", 60, available_to_promise.check_stock_sources),
    Job("allocation.scheduled_runs", 15, scheduled_runs.run_due, queue=Queue.CALCULATIONS),
    Job("allocation.reoptimize", 30, functools.partial(reoptimize.solve, seconds=3, clock=time.monotonic), queue=Queue.CALCULATIONS),
    Job("allocation.scarcity_prices", 900, scarcity_prices.update, queue=Queue.CALCULATIONS),
    Job("allocation.cancel_overdue", 60, exception_queues.cancel_overdue),
    Job("allocation.delete_old_shifts", _DAY, capacity.delete_old_shifts, queue=Queue.CALCULATIONS),
    Job("allocation.delete_old_runs", _DAY, scheduled_runs.delete_old, queue=Queue.CALCULATIONS),
    Job("network.check_outages", 15, outage_control.check),
    Job("fulfillment.measure_throughput", 60, release.measure_throughput),
    Job("fulfillment.release", 15, release.release_due),
    Job("fulfillment.send_to_warehouses", 15, warehouse.request_due),
    Job("fulfillment.check_unaccepted", 60, unaccepted.check),
    Job("shipping.close_consolidation", 60, consolidation.close_overdue),
    Job("shipping.find_silent_parcels", 600, shipping_look_up.find_silent),
    Job("payments.find_open_payments", 600, payment_look_up.find_open),
    Job("stock.find_changes", 15, publish.find_changes, queue=Queue.CALCULATIONS),
    Job("stock.replenish", _DAY / 4, replenish.draft, queue=Queue.CALCULATIONS),
    Job("stock.write_off_missing", 60, cycle_counts.write_off_missing),
    Job("stock.verify_ledger", 900, operations.verify_ledger, queue=Queue.CALCULATIONS),
    Job("routing_rules.check_trial", 60, trial_control.check),
    Job("routing_rules.schedule_hindsight", _HOUR, hindsight.schedule, queue=Queue.CALCULATIONS),
    Job("routing_rules.delete_old_simulations", _DAY, simulation_jobs.delete_old, queue=Queue.CALCULATIONS),
    Job("identity.delete_expired", _HOUR, operations.delete_expired, queue=Queue.CALCULATIONS),
)  # fmt: skip
