-- The client address of a failed sign-in, or the browser that signed in with this address before.
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';

ALTER TABLE login_failures ADD COLUMN source text NOT NULL DEFAULT '';
