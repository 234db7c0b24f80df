-- Answers to the searches of one job, kept until the job ends. `key` is a hash over everything
-- that decides the answer; times in ms. Losing the table in a crash costs searches.
create unlogged table job_scoped_search_cache (
  job_id text collate "C" not null,
  key text collate "C" not null,
  body text not null,
  created_at bigint not null,
  primary key (job_id, key)
);
create index job_scoped_search_cache_by_age on job_scoped_search_cache (created_at);
