"""Amazon's JSON (SP-API: Orders 2026-01-01, Orders v0, Feeds 2021-06-30, Notifications v1) and ours. Pure."""
