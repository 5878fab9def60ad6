"""Stock: counts, replenishment and imported stock files.

1. cycle_counts opens a count after a short pick and writes off what stays missing.
2. replenish drafts transfers from replenishment rules.
3. import_files and import_policies apply uploaded files in chunks.
"""
