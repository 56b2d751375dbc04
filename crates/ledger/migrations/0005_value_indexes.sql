-- By which blind indexes a person is found: of a few items, and of the current value only. Beside the person's other rows, so
-- that it is written and deleted with them; a look-up, which is rare and limited, asks every shard.
CREATE TABLE value_indexes (
    grp         INTEGER NOT NULL,
    shard       INTEGER NOT NULL,
    subject     BLOB    NOT NULL,
    item        INTEGER NOT NULL,
    value_index BLOB    NOT NULL,
    PRIMARY KEY (grp, shard, subject, item)
) STRICT, WITHOUT ROWID;
CREATE INDEX value_indexes_by_value ON value_indexes (grp, item, value_index, subject);
