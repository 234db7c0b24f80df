-- name: read
-- The row of a module with its generation, and the realm's floor generation. A tombstone's
-- body is null, and so is one from before the floor rose. The floor is the generation of the
-- row without a path.
select floor.generation, kept.generation,
  case when kept.realm_generation >= coalesce(floor.generation, 0) then kept.body end,
  kept.source_hash, kept.transpiler_version
from (select $1 as realm_url, $2 as canonical_path) as wanted
left join module_transpile_cache as kept using (realm_url, canonical_path)
left join module_transpile_cache as floor
  on floor.realm_url = wanted.realm_url and floor.canonical_path = '';

-- name: write
-- Keep a module, unless it was invalidated after the given generation ($5), or its realm
-- after $6 and somebody has written since. After a tombstone that names this very source,
-- whoever had the source before the tombstone came may write all the same, unless a payload is
-- there that counts.
insert into module_transpile_cache
  (realm_url, canonical_path, body, headers, dependency_keys, generation, realm_generation,
   source_hash, transpiler_version, created_at, size)
values ($1, $2, $3, $10, $4, $5, $6, $7, $8, $9, octet_length(cast($3 as text)))
on conflict (realm_url, canonical_path) do update set
  body = excluded.body, headers = excluded.headers,
  dependency_keys = excluded.dependency_keys,
  generation = case
    when module_transpile_cache.generation > excluded.generation
    then module_transpile_cache.generation else excluded.generation end,
  realm_generation = excluded.realm_generation,
  source_hash = excluded.source_hash, transpiler_version = excluded.transpiler_version,
  created_at = excluded.created_at, size = excluded.size
where module_transpile_cache.realm_generation <= excluded.realm_generation
  and (module_transpile_cache.generation <= excluded.generation
    or ((module_transpile_cache.body is null
        or module_transpile_cache.realm_generation < excluded.realm_generation)
      and module_transpile_cache.source_hash = excluded.source_hash
      and module_transpile_cache.spares_from <= excluded.generation));

-- name: hashes [sqlite]
-- The members of the object $2, whose keys are paths.
json_each($2)

-- name: hashes [postgres]
-- The members of the object $2, whose keys are paths.
json_each_text(cast($2 as json))

-- name: tombstone
-- Invalidate modules ($2: an object of paths): generations rise, so that a slower writer of an
-- old payload is refused. Where the hash of what a path holds from now on is known, a payload
-- of that source stays, for somebody was faster than the notice; else the value is null and
-- the payload goes. A path without a row gets one. Everybody takes the rows in one order, so that
-- nobody waits for who waits.
insert into module_transpile_cache
  (realm_url, canonical_path, generation, source_hash, spares_from, created_at)
select $1, key, 1, value, case when value is null then 1 else 0 end, $3
from {hashes} where true order by key
on conflict (realm_url, canonical_path) do update set
  body = case when module_transpile_cache.source_hash = excluded.source_hash
    then module_transpile_cache.body end,
  headers = case when module_transpile_cache.source_hash = excluded.source_hash
    then module_transpile_cache.headers end,
  dependency_keys = case when module_transpile_cache.source_hash = excluded.source_hash
    then module_transpile_cache.dependency_keys end,
  transpiler_version = case when module_transpile_cache.source_hash = excluded.source_hash
    then module_transpile_cache.transpiler_version end,
  size = case when module_transpile_cache.source_hash = excluded.source_hash
    then module_transpile_cache.size else 0 end,
  created_at = excluded.created_at, source_hash = excluded.source_hash,
  spares_from = case when excluded.source_hash is null
    then module_transpile_cache.generation + 1 else module_transpile_cache.spares_from end,
  generation = module_transpile_cache.generation + 1;

-- name: empty_realm [sqlite]
-- Give up every payload of a realm whose floor has risen: none of them counts any more.
update module_transpile_cache set
  body = null, headers = null, dependency_keys = null, source_hash = null,
  transpiler_version = null, size = 0, created_at = $2, generation = generation + 1,
  spares_from = generation + 1
where realm_url = $1 and canonical_path <> '';

-- name: empty_realm [postgres]
-- The same, but for rows that somebody is changing just now: the floor covers them.
update module_transpile_cache set
  body = null, headers = null, dependency_keys = null, source_hash = null,
  transpiler_version = null, size = 0, created_at = $2, generation = generation + 1,
  spares_from = generation + 1
where realm_url = $1 and canonical_path in (
  select canonical_path from module_transpile_cache
  where realm_url = $1 and canonical_path <> '' for update skip locked);

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
