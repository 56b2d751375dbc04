-- Refusals that were counted and are no fact yet: gone with the next fact of the stream, or when their hour is over.
CREATE TABLE counted_refusals (
    grp     INTEGER NOT NULL,
    shard   INTEGER NOT NULL,
    subject BLOB    NOT NULL,
    app     TEXT    NOT NULL,
    due     INTEGER NOT NULL,            -- when the hour is over
    counted BLOB    NOT NULL,
    mac BLOB,
    PRIMARY KEY (grp, shard, subject, app)
) STRICT, WITHOUT ROWID;
CREATE INDEX counted_refusals_by_due ON counted_refusals (grp, due);
