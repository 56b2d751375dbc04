-- What shows how a consent was given, when the person signed in for it: the identity provider's signed statement, whose
-- nonce commits to what was shown. Sealed under the person's own key; gone with the account.
CREATE TABLE consent_evidence (
    grp       INTEGER NOT NULL,
    shard     INTEGER NOT NULL,
    subject   BLOB    NOT NULL,
    leaf_salt BLOB    NOT NULL,          -- of the leaf that records the consent
    bytes     BLOB    NOT NULL,
    PRIMARY KEY (grp, shard, subject, leaf_salt)
) STRICT, WITHOUT ROWID;
