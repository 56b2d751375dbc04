-- The newest entries of a stream, eight bytes a number, until there are so many that they get their rows of history together: a
-- row of history is on another page, and one more page for each entry was a third of what an entry cost. Outside the MAC, as
-- history is: the log says which entries they are.
ALTER TABLE streams ADD COLUMN recent BLOB;
