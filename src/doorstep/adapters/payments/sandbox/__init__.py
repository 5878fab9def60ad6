"""The payment gateway in memory: template, demo and test double in one."""
