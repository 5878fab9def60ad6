"""The carrier in memory: template, demo and test double in one."""
