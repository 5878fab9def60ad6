"""Allocation: give every order line a location, and keep what depends on it true.

1. demand and order_attributes say what orders want; eligible_stock, inputs and stock_signals what may serve them.
2. allocate locks the stock, plans (pure, domain.routing) and applies the result: reservations, work, capacity, pools.
3. exception_queues and backorders take the rest: a queue with a retry time, committed stock, a promised date.
4. replan and optimize change what is not released yet; trial and scheduled_runs decide by other rules or at set times.
5. allocation.changed and allocation.unallocate are the only ways to record and to undo an allocation.
"""
