-- name: generations
-- What the index holds of every realm: it moves with each commit.
select realm_url, generation from realm_state order by realm_url;

-- name: get
-- The answer of a job to one question.
select body from job_scoped_search_cache where job_id = $1 and key = $2;

-- name: put
-- Keeps an answer, unless another request of the job was faster.
insert into job_scoped_search_cache (job_id, key, body, created_at) values ($1, $2, $3, $4)
on conflict (job_id, key) do nothing;

-- name: clearable
-- Whether there is anything that `clear` would forget.
select 1 from job_scoped_search_cache where job_id = $1 or created_at < $2 limit 1;

-- name: clear
-- Forgets what a job was answered, and what jobs were that never said they ended.
delete from job_scoped_search_cache where job_id = $1 or created_at < $2;
