"""How an order walks: each file loads, calls and passes on; the rules live in the models. Start at map.py."""
