-- The second layer of the module cache. A tombstone is a row whose body is null. Losing the
-- table in a crash costs transpiles, so it is kept out of the write-ahead log.
create unlogged table module_transpile_cache (
  realm_url text collate "C" not null,
  canonical_path text collate "C" not null,
  body text,
  headers jsonb,
  dependency_keys jsonb,
  generation bigint not null default 0,
  source_hash text,
  transpiler_version text,
  created_at bigint not null,
  primary key (realm_url, canonical_path)
);
