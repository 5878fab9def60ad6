-- Intake at speed: indexes that do not grow with history.
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';
