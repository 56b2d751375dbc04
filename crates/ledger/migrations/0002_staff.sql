-- With what members of staff sign in. Who is appointed, and in which role, stands in the platform log, not here.
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
    locked_until INTEGER NOT NULL,
    PRIMARY KEY (grp, staff)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX staff_by_identity ON staff (grp, identity);
