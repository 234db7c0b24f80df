-- name: take_seqs
-- Gives out $2 seqs of a realm, in order; answers the last of them.
insert into change_log_ends (realm_url, last_seq) values ($1, $2)
on conflict (realm_url) do update set last_seq = change_log_ends.last_seq + excluded.last_seq
returning last_seq;

-- name: take_change_seqs
-- Gives out $2 seqs of a realm to changes, in order; answers the last of them.
insert into change_log_ends (realm_url, last_seq, last_change_seq) values ($1, $2, $2)
on conflict (realm_url) do update set
  last_seq = change_log_ends.last_seq + excluded.last_seq,
  last_change_seq = change_log_ends.last_seq + excluded.last_seq
returning last_seq;

-- name: append
-- One change of a realm.
insert into change_log
  (realm_url, seq, kind, path, operation, content_hash, client_request_id, at, is_forced)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: since
-- At one moment: up to where a realm's log is pruned, beside the changes after a seq, oldest
-- first. One row without a change if there is none.
select e.pruned_seq, c.realm_url, c.seq, c.kind, c.path, c.operation, c.content_hash,
  c.client_request_id, c.at, c.is_forced
from change_log_ends e left join (
  select realm_url, seq, kind, path, operation, content_hash, client_request_id, at, is_forced
  from change_log where realm_url = $1 and seq > $2 order by seq limit cast($3 as bigint)
) c on c.realm_url = e.realm_url
where e.realm_url = $1 order by c.seq;

-- name: since_each [sqlite]
-- At one moment: where the logs of several realms end and are pruned up to, beside the changes
-- of each after its seq in the JSON object $1, oldest first. One row without a change for a
-- realm that has none.
select e.realm_url, e.last_change_seq, asked.value, e.pruned_seq, c.realm_url, c.seq, c.kind,
  c.path, c.operation, c.content_hash, c.client_request_id, c.at, c.is_forced
from json_each($1) asked
join change_log_ends e on e.realm_url = asked.key
left join change_log c on c.realm_url = e.realm_url and c.seq > asked.value
order by e.realm_url, c.seq;

-- name: since_each [postgres]
-- At one moment: where the logs of several realms end and are pruned up to, beside the changes
-- of each after its seq in the JSON object $1, oldest first. One row without a change for a
-- realm that has none. By index, log after log (`offset 0`), and not the whole of each.
select e.realm_url, e.last_change_seq, asked.value::bigint, e.pruned_seq, c.realm_url, c.seq,
  c.kind, c.path, c.operation, c.content_hash, c.client_request_id, c.at, c.is_forced
from jsonb_each_text($1) asked
join change_log_ends e on e.realm_url = asked.key
left join lateral (
  select * from change_log where realm_url = e.realm_url and seq > asked.value::bigint offset 0
) c on true
order by e.realm_url, c.seq;

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
