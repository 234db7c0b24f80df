-- name: run
-- The long run of a realm.
select is_full, postpones, after_seq, seq, marks, requests from index_runs where realm_url = $1;

-- name: begin
-- Begins a long run, or has the one that is under way owe more.
insert into index_runs
  (realm_url, is_full, postpones, after_seq, seq, marks, requests, begun_at)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict (realm_url) do update set
  is_full = excluded.is_full, postpones = excluded.postpones, after_seq = excluded.after_seq,
  seq = excluded.seq, requests = excluded.requests;

-- name: end
-- Forgets a long run unless it owes something.
delete from index_runs where realm_url = $1
  and not exists (select 1 from index_work w where w.realm_url = $1);

-- name: owe
-- A file that is to be visited, whether or not it was before.
insert into index_work (realm_url, url) values ($1, $2)
on conflict (realm_url, url) do update set
  outcome = null, marks = null, generation = null, dependencies = null,
  removes = 0, is_postponed = 0, times_owed = index_work.times_owed + 1;

-- name: owed
-- The files that are still to be visited, and how many times they were owed.
select url, times_owed from index_work where realm_url = $1 and outcome is null order by url;

-- name: put
-- What the visit of a file left, unless it was owed once more since ($9).
update index_work set marks = $3, generation = $4, dependencies = $5, removes = $6,
  is_postponed = $7, outcome = $8
where realm_url = $1 and url = $2 and times_owed = $9;

-- name: put_gone
-- That a file is gone.
insert into index_work (realm_url, url, marks, generation, dependencies, removes, outcome)
values ($1, $2, $3, $4, '[]', 1, $5)
on conflict (realm_url, url) do update set
  marks = excluded.marks, generation = excluded.generation, dependencies = '[]', removes = 1,
  is_postponed = 0, outcome = excluded.outcome, times_owed = index_work.times_owed + 1;

-- name: place
-- Where every realm's log ends now, and the generation of its index.
select e.realm_url, e.last_change_seq, coalesce(s.generation, 0)
from change_log_ends e left join realm_state s on s.realm_url = e.realm_url;

-- name: visited
-- What visits read, and when: the files of a realm after the URL $2, at most $3.
select url, marks, dependencies from index_work
where realm_url = $1 and url > $2 and outcome is not null order by url limit cast($3 as bigint);

-- name: counts
-- How many files of a long run are visited, and how many there are.
select count(outcome), count(*) from index_work where realm_url = $1;

-- name: drop_outdone
-- Forgets visits of files that another run has committed since.
delete from index_work where realm_url = $1 and outcome is not null and exists (
  select 1 from entries e
  where e.realm_url = $1 and e.url = index_work.url and e.generation > index_work.generation
);

-- name: forget_visit
-- Forgets the visit of a file that another run has found gone: it has no entry to tell by.
delete from index_work where realm_url = $1 and url = $2 and outcome is not null;

-- name: outcome_sizes
-- How many bytes visits left: the files after the URL $2, at most $4; with $3 those that are gone.
select url, octet_length(outcome) from index_work
where realm_url = $1 and url > $2 and removes = $3 and outcome is not null
order by url limit cast($4 as bigint);

-- name: outcomes
-- What visits left: the files after the URL $2 and up to $4; with $3 those that are gone.
select outcome from index_work
where realm_url = $1 and url > $2 and removes = $3 and url <= $4 and outcome is not null
order by url;

-- name: modules
-- What the visits of modules left.
select outcome from index_work
where realm_url = $1 and outcome is not null and url not like '%.json' order by url;

-- name: drop_committed
-- Forgets the visits that are in the index now.
delete from index_work where realm_url = $1 and outcome is not null and is_postponed = 0;

-- name: owe_postponed
-- Has the files that were only read be visited again.
update index_work set outcome = null, is_postponed = 0
where realm_url = $1 and is_postponed = 1;

-- name: stop_postponing
-- Whatever is visited from now on is rendered.
update index_runs set postpones = 0 where realm_url = $1;
