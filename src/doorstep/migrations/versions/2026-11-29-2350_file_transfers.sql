-- Partners that exchange files: what came and went, so that a content is taken once, a file of ours is written once, and people see both.
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '30min';

CREATE TABLE file_transfers (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection_id bigint NOT NULL REFERENCES connections (id),
    direction     text NOT NULL CHECK (direction IN ('in', 'out')),
    feed          text NOT NULL,
    name          text NOT NULL,
    path          text NOT NULL,
    unit          text NOT NULL DEFAULT '',
    size_bytes    bigint NOT NULL,
    modified_at   timestamptz,
    sha256        text,
    state         text NOT NULL CHECK (state IN ('seen', 'waiting', 'reading', 'read', 'skipped', 'failed', 'writing', 'written')),
    reading       integer NOT NULL DEFAULT 1,
    attempts      integer NOT NULL DEFAULT 0,
    documents     integer NOT NULL DEFAULT 0,
    rows          bigint NOT NULL DEFAULT 0,
    error         text,
    duplicate_of  bigint REFERENCES file_transfers (id),
    reference     text,
    number        bigint,
    content       bytea,
    created_at    timestamptz NOT NULL DEFAULT business_now(),
    ended_at      timestamptz,
    moved_at      timestamptz,
    CHECK ((direction = 'out') = (reference IS NOT NULL AND number IS NOT NULL AND content IS NOT NULL))
);
CREATE UNIQUE INDEX file_transfers_content ON file_transfers (connection_id, feed, sha256)
    WHERE direction = 'in' AND state IN ('reading', 'read');
CREATE UNIQUE INDEX file_transfers_reference ON file_transfers (connection_id, reference) WHERE direction = 'out';
CREATE UNIQUE INDEX file_transfers_number ON file_transfers (connection_id, number) WHERE direction = 'out';
CREATE INDEX file_transfers_open ON file_transfers (connection_id, feed)
    WHERE direction = 'in' AND (state IN ('seen', 'waiting', 'reading') OR moved_at IS NULL);
CREATE INDEX file_transfers_newest ON file_transfers (connection_id, created_at, id);
CREATE INDEX file_transfers_duplicates ON file_transfers (duplicate_of) WHERE duplicate_of IS NOT NULL;
COMMENT ON TABLE file_transfers IS 'Files exchanged with partners. In: seen, reading, read (or skipped, failed), then moved away from the folder. Out: stored with its content before it is written.';
COMMENT ON COLUMN file_transfers.path IS 'Where the file is now; empty when it is gone.';
COMMENT ON COLUMN file_transfers.reading IS 'How often people had it read: its messages of each time have event ids of their own.';
COMMENT ON COLUMN file_transfers.number IS 'Counts the files that the connection has sent: the control number of their interchange.';

CREATE TABLE file_messages (
    file_transfer_id bigint NOT NULL REFERENCES file_transfers (id),
    message_id       bigint NOT NULL,
    PRIMARY KEY (file_transfer_id, message_id)
);
COMMENT ON TABLE file_messages IS 'The messages of the inbox that a file was split into.';
CREATE INDEX file_messages_message ON file_messages (message_id);
