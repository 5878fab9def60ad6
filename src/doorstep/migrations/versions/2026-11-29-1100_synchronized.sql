SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '30min';

-- The type of a movement that a stock source caused is spelled as the code spells it: with the old list every snapshot
-- was refused.
-- squawk-ignore-file ban-drop-constraint, constraint-missing-not-valid
ALTER TABLE stock_movements DROP CONSTRAINT stock_movements_type_check;

-- The ledger is append-only; this spelling is the one exception, in a transaction of its own.
ALTER TABLE stock_movements DISABLE TRIGGER USER;
UPDATE stock_movements SET type = 'synchronized' WHERE type = 'synchronised';
ALTER TABLE stock_movements ENABLE TRIGGER USER;

ALTER TABLE stock_movements ADD CONSTRAINT stock_movements_type_check CHECK (type IN (
    'received', 'reserved', 'released', 'shipped', 'adjusted', 'transferred', 'returned', 'expected', 'regraded',
    'counted', 'synchronized'));
