-- How many people a change of an app concerns is counted over its streams.
CREATE INDEX streams_by_app ON streams (grp, app);
