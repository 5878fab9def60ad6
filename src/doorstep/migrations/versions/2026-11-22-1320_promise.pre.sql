SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';
