-- Passkeys of staff: beside one-time passwords, of one appointment, and gone with it. No secret lies here.
CREATE TABLE staff_passkeys (
    grp        INTEGER NOT NULL,
    staff      TEXT    NOT NULL,
    id         BLOB    NOT NULL,         -- what the authenticator calls it
    generation BLOB    NOT NULL,         -- of which appointment
    key        BLOB    NOT NULL,         -- its public key
    state      BLOB    NOT NULL,         -- changes with each use: how often it signed
    name       TEXT    NOT NULL,         -- what its owner calls it
    added_at   INTEGER NOT NULL,
    PRIMARY KEY (grp, staff, id)
) STRICT, WITHOUT ROWID;
