"""Messengers that send messages to customers; one folder per vendor."""
