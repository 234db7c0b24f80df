-- name: take_seqs
-- Gives out $2 seqs of a realm, in order; answers the last of them.
insert into change_log_ends (realm_url, last_seq) values ($1, $2)
on conflict (realm_url) do update set last_seq = change_log_ends.last_seq + excluded.last_seq
returning last_seq;

-- name: mark_last_change
-- Remembers that the seq $2 belongs to a change.
update change_log_ends set last_change_seq = $2 where realm_url = $1;

-- name: append
-- One change of a realm.
insert into change_log
  (realm_url, seq, kind, path, operation, content_hash, client_request_id, at, is_forced)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: since
-- The changes of a realm after a seq, oldest first.
select realm_url, seq, kind, path, operation, content_hash, client_request_id, at, is_forced
from change_log where realm_url = $1 and seq > $2 order by seq limit $3;

-- name: ends
-- Where a realm's log stands: last seq, last seq of a change, pruned up to.
select last_seq, last_change_seq, pruned_seq from change_log_ends where realm_url = $1;

-- name: all_ends
-- The last seq of every realm.
select realm_url, last_seq from change_log_ends;

-- name: prunable
-- Of each realm with any, the newest change that is older than $1 (ms) and beyond the newest $2 seqs.
select e.realm_url, (
  select max(seq) from change_log c
  where c.realm_url = e.realm_url and c.at < $1 and c.seq <= e.last_seq - $2
)
from change_log_ends e
where exists (
  select 1 from change_log c
  where c.realm_url = e.realm_url and c.at < $1 and c.seq <= e.last_seq - $2
) order by e.realm_url;

-- name: prune
-- Drops the changes of a realm up to a seq.
delete from change_log where realm_url = $1 and seq <= $2;

-- name: mark_pruned
-- Remembers that the changes up to the seq $2 are gone, whoever swept last.
update change_log_ends set pruned_seq = $2 where realm_url = $1 and pruned_seq < $2;
