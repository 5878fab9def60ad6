-- The ledger grows: incoming, reversals, holds and commitments of the network, kits.
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';
