-- The second layer of the module cache. A tombstone is a row whose body is null.
create table module_transpile_cache (
  realm_url text not null,
  canonical_path text not null,
  body text,
  headers text,
  dependency_keys text,
  generation integer not null default 0,
  source_hash text,
  transpiler_version text,
  created_at integer not null,
  primary key (realm_url, canonical_path)
);
