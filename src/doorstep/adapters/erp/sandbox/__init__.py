"""The accounting system in memory: template, demo and test double in one."""
