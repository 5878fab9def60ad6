-- What is not finished is found at once, also among millions that are.
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '30min';

-- squawk-ignore require-concurrent-index-creation
CREATE INDEX messages_open ON messages (state) WHERE state <> 'sent';
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX label_purchases_open ON label_purchases (state) WHERE state NOT IN ('purchased', 'voided');
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX refunds_open ON refunds (state) WHERE state <> 'succeeded';
