"""Routing rules: write, simulate, try and activate a rule set.

1. rule_sets validates a draft and activates it.
2. simulation_files and history provide orders and stock; simulation compares a draft with the active rules on them.
3. simulation_jobs queues and runs simulations.
4. trial_control starts, watches and stops a trial of a draft on live orders.
5. hindsight measures each day's cost gap to the best plan.
"""
