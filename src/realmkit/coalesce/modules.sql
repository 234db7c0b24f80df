-- name: read
-- The description of a module with its generation, and the realm's floor generation; a
-- tombstone's description is null. The floor is the generation of the row without a path.
select
  (select generation from modules where realm_url = $1 and path = ''),
  generation, description, module_version, renderer_version
from (select $1 as realm_url, $2 as path) as wanted
left join modules using (realm_url, path);

-- name: write
-- Keep a description, unless its module or realm was invalidated after these generations.
insert into modules
  (realm_url, path, description, dependencies, generation,
   module_version, renderer_version, created_at, size)
select $1, $2, $3, $4, $5, $6, $7, $8, octet_length(cast($3 as text))
where coalesce(
  (select generation from modules where realm_url = $1 and path = ''),
  0) <= $9
on conflict (realm_url, path) do update set
  description = excluded.description,
  dependencies = excluded.dependencies, generation = excluded.generation,
  module_version = excluded.module_version, renderer_version = excluded.renderer_version,
  created_at = excluded.created_at, size = excluded.size
where modules.generation <= excluded.generation;

-- name: tombstone
-- Invalidate one description: its payload goes and its generation rises, so that a slower
-- writer of the old payload is refused. A path without a row gets one.
insert into modules (realm_url, path, generation, created_at)
values ($1, $2, 1, $3)
on conflict (realm_url, path) do update set
  description = null, dependencies = null, module_version = null,
  renderer_version = null, size = 0, created_at = excluded.created_at,
  generation = modules.generation + 1;

-- name: stop_writers [postgres]
-- Waits for every open write and holds up the next ones until the transaction ends; SQLite
-- has one writer at a time anyway.
lock table modules in share row exclusive mode;

-- name: tombstone_realm
-- Invalidate every row a realm has.
update modules set
  description = null, dependencies = null, module_version = null,
  renderer_version = null, size = 0, created_at = $2, generation = generation + 1
where realm_url = $1 and path <> '';

-- name: empty_old
-- Give up the payloads that are older than a time. The rows and their generations stay, so
-- that a slow writer still meets them.
update modules set
  description = null, dependencies = null, module_version = null,
  renderer_version = null, size = 0, created_at = $2
where size > 0 and created_at < $1;

-- name: empty_beyond
-- Give up the oldest payloads beyond a number of bytes; the sum reads an index only.
update modules set
  description = null, dependencies = null, module_version = null,
  renderer_version = null, size = 0, created_at = $2
where size > 0 and created_at <= (
  select max(created_at) from (
    select created_at, sum(size) over (order by created_at desc) as bytes
    from modules where size > 0
  ) as newest where bytes > $1);

-- name: drop_tombstones
-- Delete the rows whose payload has been gone for long; nobody makes one any more that was
-- begun before.
delete from modules where size = 0 and created_at < $1;
