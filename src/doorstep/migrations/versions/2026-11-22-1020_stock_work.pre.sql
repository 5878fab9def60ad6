-- What people and feeds do with stock: receipts, transfers, counts, feeds, replenishment.
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';
