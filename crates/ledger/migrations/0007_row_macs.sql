-- A MAC over each row that a decision is made from: over its table, its key and everything in it, under a key that the store
-- does not hold. NULL until the store is sealed, which the platform log records.
ALTER TABLE people ADD COLUMN mac BLOB;
ALTER TABLE streams ADD COLUMN mac BLOB;
ALTER TABLE app_seqs ADD COLUMN mac BLOB;
ALTER TABLE idempotency ADD COLUMN mac BLOB;
ALTER TABLE tickets ADD COLUMN mac BLOB;
ALTER TABLE retired_tag_keys ADD COLUMN mac BLOB;
ALTER TABLE consent_evidence ADD COLUMN mac BLOB;
ALTER TABLE value_indexes ADD COLUMN mac BLOB;
ALTER TABLE staff ADD COLUMN mac BLOB;
ALTER TABLE staff_passkeys ADD COLUMN mac BLOB;
