-- Answers to the searches of one job, kept until the job ends. `key` is a hash over everything
-- that decides the answer; times in ms.
create table job_scoped_search_cache (
  job_id text not null,
  key text not null,
  body text not null,
  created_at integer not null,
  primary key (job_id, key)
) without rowid;
create index job_scoped_search_cache_by_age on job_scoped_search_cache (created_at);
