"""Messengers that carry messages to customers; one folder per vendor."""
