-- name: try_lock [postgres]
-- Whether this session has the lock of a key now. It is asked again for one that it has.
select pg_try_advisory_lock($1::bigint);

-- name: let_go [postgres]
-- Gives up this session's lock of a key, and says so in the same moment.
select pg_advisory_unlock($1::bigint), pg_notify($2, $3);

-- name: say [postgres]
-- Says something on a channel, in a transaction when it is committed.
select pg_notify($1, $2);

-- name: is_there [postgres]
-- Something to answer, for a server that may have gone without a word.
select 1;
