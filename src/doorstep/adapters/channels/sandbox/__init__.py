"""The sales channel in memory: template, demo and test double in one."""
