-- name: read
-- The row of a module with its generation, and the realm's floor generation; a
-- tombstone's body is null. The floor is the generation of the row without a path.
select
  (select generation from module_transpile_cache where realm_url = $1 and canonical_path = ''),
  generation, body, source_hash, transpiler_version
from (select $1 as realm_url, $2 as canonical_path) as wanted
left join module_transpile_cache using (realm_url, canonical_path);

-- name: write
-- Keep a module, unless it or its realm was invalidated after the given generations.
insert into module_transpile_cache
  (realm_url, canonical_path, body, headers, dependency_keys, generation,
   source_hash, transpiler_version, created_at, size)
select $1, $2, $3, '{}', $4, $5, $6, $7, $8, octet_length(cast($3 as text))
where coalesce(
  (select generation from module_transpile_cache where realm_url = $1 and canonical_path = ''),
  0) <= $9
on conflict (realm_url, canonical_path) do update set
  body = excluded.body, headers = excluded.headers,
  dependency_keys = excluded.dependency_keys, generation = excluded.generation,
  source_hash = excluded.source_hash, transpiler_version = excluded.transpiler_version,
  created_at = excluded.created_at, size = excluded.size
where module_transpile_cache.generation <= excluded.generation;

-- name: tombstone
-- Invalidate one module: its payload goes and its generation rises, so that a slower
-- writer of the old payload is refused. A path without a row gets one.
insert into module_transpile_cache (realm_url, canonical_path, generation, created_at)
values ($1, $2, 1, $3)
on conflict (realm_url, canonical_path) do update set
  body = null, headers = null, dependency_keys = null, source_hash = null,
  transpiler_version = null, size = 0, created_at = excluded.created_at,
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
  transpiler_version = null, size = 0, created_at = $2, generation = generation + 1
where realm_url = $1 and canonical_path <> '';

-- name: empty_old
-- Give up the payloads that are older than a time. The rows and their generations stay, so
-- that a slow writer still meets them.
update module_transpile_cache set
  body = null, headers = null, dependency_keys = null, source_hash = null,
  transpiler_version = null, size = 0, created_at = $2
where size > 0 and created_at < $1;

-- name: empty_beyond
-- Give up the oldest payloads beyond a number of bytes; the sum reads an index only.
update module_transpile_cache set
  body = null, headers = null, dependency_keys = null, source_hash = null,
  transpiler_version = null, size = 0, created_at = $2
where size > 0 and created_at <= (
  select max(created_at) from (
    select created_at, sum(size) over (order by created_at desc) as bytes
    from module_transpile_cache where size > 0
  ) as newest where bytes > $1);

-- name: drop_tombstones
-- Delete the rows whose payload has been gone for long; nobody makes one any more that was
-- begun before.
delete from module_transpile_cache where size = 0 and created_at < $1;
