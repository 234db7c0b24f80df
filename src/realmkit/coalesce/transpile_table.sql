-- name: read
-- The row of a module with its generation, and the realm's floor generation; a
-- tombstone's body is null. The floor is the generation of the row without a path.
select
  (select generation from module_transpile_cache where realm_url = $1 and canonical_path = ''),
  generation, body, dependency_keys, source_hash, transpiler_version
from (select $1 as realm_url, $2 as canonical_path) as wanted
left join module_transpile_cache using (realm_url, canonical_path);

-- name: write
-- Keep a module, unless it or its realm was invalidated after the given generations.
insert into module_transpile_cache
  (realm_url, canonical_path, body, headers, dependency_keys, generation,
   source_hash, transpiler_version, created_at)
select $1, $2, $3, '{}', $4, $5, $6, $7, $8
where coalesce(
  (select generation from module_transpile_cache where realm_url = $1 and canonical_path = ''),
  0) <= $9
on conflict (realm_url, canonical_path) do update set
  body = excluded.body, headers = excluded.headers,
  dependency_keys = excluded.dependency_keys, generation = excluded.generation,
  source_hash = excluded.source_hash, transpiler_version = excluded.transpiler_version,
  created_at = excluded.created_at
where module_transpile_cache.generation <= excluded.generation;

-- name: tombstone
-- Invalidate one module: its payload goes and its generation rises, so that a slower
-- writer of the old payload is refused. A path without a row gets one.
insert into module_transpile_cache (realm_url, canonical_path, generation, created_at)
values ($1, $2, 1, $3)
on conflict (realm_url, canonical_path) do update set
  body = null, headers = null, dependency_keys = null, source_hash = null,
  transpiler_version = null, created_at = excluded.created_at,
  generation = module_transpile_cache.generation + 1;

-- name: outdate
-- Invalidate one module whose source is known by its hash ($3) from now on. A payload made
-- from that very source stays: somebody was faster than the notice of the change.
update module_transpile_cache set
  generation = generation + 1
where realm_url = $1 and canonical_path = $2 and source_hash = $3;

-- name: stop_writers [postgres]
-- Waits for every open write and holds up the next ones until the transaction ends; SQLite
-- has one writer at a time anyway.
lock table module_transpile_cache in share row exclusive mode;

-- name: tombstone_realm
-- Invalidate every row a realm has.
update module_transpile_cache set
  body = null, headers = null, dependency_keys = null, source_hash = null,
  transpiler_version = null, generation = generation + 1
where realm_url = $1 and canonical_path <> '';
