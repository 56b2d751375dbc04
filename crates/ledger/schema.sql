CREATE TABLE app_seqs (
    grp  INTEGER NOT NULL,
    app  TEXT    NOT NULL,
    next INTEGER NOT NULL, mac BLOB,
    PRIMARY KEY (grp, app)
) STRICT, WITHOUT ROWID;
CREATE TABLE consent_evidence (
    grp       INTEGER NOT NULL,
    shard     INTEGER NOT NULL,
    subject   BLOB    NOT NULL,
    leaf_salt BLOB    NOT NULL,          -- of the leaf that records the consent
    bytes     BLOB    NOT NULL, mac BLOB,
    PRIMARY KEY (grp, shard, subject, leaf_salt)
) STRICT, WITHOUT ROWID;
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
CREATE TABLE documents (
    hash  BLOB NOT NULL PRIMARY KEY,
    bytes BLOB NOT NULL
) STRICT;
CREATE TABLE entries (
    grp  INTEGER NOT NULL,
    idx  INTEGER NOT NULL,
    leaf BLOB    NOT NULL,
    PRIMARY KEY (grp, idx)
) STRICT, WITHOUT ROWID;
CREATE TABLE heads (
    grp         INTEGER NOT NULL PRIMARY KEY,
    size        INTEGER NOT NULL,
    sha256_root BLOB,
    sha256_note TEXT,
    sm3_root    BLOB,
    sm3_note    TEXT
) STRICT;
CREATE TABLE history (
    grp     INTEGER NOT NULL,
    shard   INTEGER NOT NULL,
    subject BLOB    NOT NULL,
    idx     INTEGER NOT NULL,
    app     TEXT    NOT NULL,
    PRIMARY KEY (grp, shard, subject, idx)
) STRICT, WITHOUT ROWID;
CREATE TABLE idempotency (
    grp        INTEGER NOT NULL,
    shard      INTEGER NOT NULL,
    subject    BLOB    NOT NULL,
    key        BLOB    NOT NULL,
    body       BLOB,
    disclosure BLOB    NOT NULL,
    released   BLOB    NOT NULL,
    at         INTEGER NOT NULL, mac BLOB,
    PRIMARY KEY (grp, shard, subject, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE meta (
    grp         INTEGER NOT NULL PRIMARY KEY,
    suite       INTEGER NOT NULL,
    profile     INTEGER NOT NULL,
    origin_base TEXT    NOT NULL
) STRICT;
CREATE TABLE people (
    grp          INTEGER NOT NULL,
    shard        INTEGER NOT NULL,
    person_index BLOB    NOT NULL,
    subject      BLOB    NOT NULL,
    guardian     INTEGER NOT NULL, mac BLOB,       -- 1 when a guardian must agree
    PRIMARY KEY (grp, shard, person_index)
) STRICT, WITHOUT ROWID;
CREATE TABLE retired_tag_keys (
    grp           INTEGER NOT NULL,
    shard         INTEGER NOT NULL,
    tag           BLOB    NOT NULL,      -- of the person's own stream
    wrapped       BLOB    NOT NULL,
    destroy_after INTEGER NOT NULL, mac BLOB,
    PRIMARY KEY (grp, shard, tag)
) STRICT, WITHOUT ROWID;
CREATE TABLE sealed_identity (
    grp     INTEGER NOT NULL,
    shard   INTEGER NOT NULL,
    subject BLOB    NOT NULL,
    item    INTEGER NOT NULL,
    version BLOB    NOT NULL,
    bytes   BLOB    NOT NULL,
    PRIMARY KEY (grp, shard, subject, item, version)
) STRICT, WITHOUT ROWID;
CREATE TABLE sealed_other (
    grp     INTEGER NOT NULL,
    shard   INTEGER NOT NULL,
    subject BLOB    NOT NULL,
    item    INTEGER NOT NULL,
    version BLOB    NOT NULL,
    bytes   BLOB    NOT NULL,
    PRIMARY KEY (grp, shard, subject, item, version)
) STRICT, WITHOUT ROWID;
CREATE TABLE staff (
    grp          INTEGER NOT NULL,
    staff        TEXT    NOT NULL,
    identity     BLOB    NOT NULL,       -- blind index of what the identity provider calls them
    generation   BLOB    NOT NULL,       -- a new one with every appointment and reset: earlier sessions end
    code         BLOB,                   -- what the enrolment code is compared with; NULL once it was used
    code_until   INTEGER NOT NULL,
    totp         BLOB,                   -- the sealed secret of one-time passwords; NULL before it is set up
    step         INTEGER NOT NULL,       -- the last time step a one-time password was used for
    failed       INTEGER NOT NULL,       -- attempts since the last one that succeeded
    locked_until INTEGER NOT NULL, mac BLOB,
    PRIMARY KEY (grp, staff)
) STRICT, WITHOUT ROWID;
CREATE TABLE staff_passkeys (
    grp        INTEGER NOT NULL,
    staff      TEXT    NOT NULL,
    id         BLOB    NOT NULL,         -- what the authenticator calls it
    generation BLOB    NOT NULL,         -- of which appointment
    key        BLOB    NOT NULL,         -- its public key
    state      BLOB    NOT NULL,         -- changes with each use: how often it signed
    name       TEXT    NOT NULL,         -- what its owner calls it
    added_at   INTEGER NOT NULL, mac BLOB,
    PRIMARY KEY (grp, staff, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE streams (
    grp     INTEGER NOT NULL,
    shard   INTEGER NOT NULL,
    subject BLOB    NOT NULL,
    app     TEXT    NOT NULL,
    tag     BLOB    NOT NULL,
    seq     INTEGER NOT NULL,            -- the number the next fact gets
    prev    BLOB    NOT NULL,            -- the hash of the last leaf
    state   BLOB    NOT NULL, mac BLOB, recent BLOB,
    PRIMARY KEY (grp, shard, subject, app)
) STRICT, WITHOUT ROWID;
CREATE TABLE subject_keys (
    grp     INTEGER NOT NULL,
    shard   INTEGER NOT NULL,
    subject BLOB    NOT NULL,
    keys    BLOB    NOT NULL,
    PRIMARY KEY (grp, shard, subject)
) STRICT, WITHOUT ROWID;
CREATE TABLE tickets (
    grp        INTEGER NOT NULL,
    shard      INTEGER NOT NULL,
    kind       INTEGER NOT NULL,
    key        BLOB    NOT NULL,
    family     BLOB    NOT NULL,
    subject    BLOB,
    app        TEXT,
    body       BLOB    NOT NULL,
    issued_at  INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used       INTEGER NOT NULL,         -- 1 once it was taken
    revoked    INTEGER NOT NULL, mac BLOB,         -- 1 once it was revoked
    PRIMARY KEY (grp, shard, kind, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE tiles (
    grp       INTEGER NOT NULL,
    algorithm INTEGER NOT NULL,          -- 1 SHA-256, 2 SM3
    level     INTEGER NOT NULL,
    idx       INTEGER NOT NULL,
    data      BLOB    NOT NULL,
    PRIMARY KEY (grp, algorithm, level, idx)
) STRICT;
CREATE TABLE value_indexes (
    grp         INTEGER NOT NULL,
    shard       INTEGER NOT NULL,
    subject     BLOB    NOT NULL,
    item        INTEGER NOT NULL,
    value_index BLOB    NOT NULL, mac BLOB,
    PRIMARY KEY (grp, shard, subject, item)
) STRICT, WITHOUT ROWID;
CREATE INDEX counted_refusals_by_due ON counted_refusals (grp, due);
CREATE INDEX idempotency_by_time ON idempotency (grp, at);
CREATE UNIQUE INDEX people_by_subject ON people (grp, shard, subject);
CREATE INDEX retired_tag_keys_by_end ON retired_tag_keys (grp, destroy_after);
CREATE UNIQUE INDEX staff_by_identity ON staff (grp, identity);
CREATE INDEX streams_by_app ON streams (grp, app);
CREATE INDEX tickets_by_expiry ON tickets (grp, expires_at);
CREATE INDEX tickets_by_family ON tickets (grp, family, revoked);
CREATE INDEX tickets_by_subject ON tickets (grp, subject, revoked, app);
CREATE INDEX value_indexes_by_value ON value_indexes (grp, item, value_index, subject);
