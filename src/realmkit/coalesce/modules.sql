-- name: read
-- The description of a module with its generation, and the realm's floor generation. A
-- tombstone's description is null, and so is one from before the floor rose. The floor is the
-- generation of the row without a path.
select floor.generation, kept.generation,
  case when kept.realm_generation >= coalesce(floor.generation, 0) then kept.description end,
  kept.module_version, kept.renderer_version
from (select $1 as realm_url, $2 as path) as wanted
left join modules as kept using (realm_url, path)
left join modules as floor on floor.realm_url = wanted.realm_url and floor.path = '';

-- name: write
-- Keep a description, unless its module was invalidated after the given generation ($5), or
-- its realm after $6 and somebody has written since.
insert into modules
  (realm_url, path, description, dependencies, generation, realm_generation,
   module_version, renderer_version, created_at, size)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, octet_length(cast($3 as text)))
on conflict (realm_url, path) do update set
  description = excluded.description,
  dependencies = excluded.dependencies, generation = excluded.generation,
  realm_generation = excluded.realm_generation,
  module_version = excluded.module_version, renderer_version = excluded.renderer_version,
  created_at = excluded.created_at, size = excluded.size
where modules.realm_generation <= excluded.realm_generation
  and modules.generation <= excluded.generation;

-- name: hashes [sqlite]
-- The members of the object $2, whose keys are paths.
json_each($2)

-- name: hashes [postgres]
-- The members of the object $2, whose keys are paths.
json_each_text(cast($2 as json))

-- name: tombstone
-- Invalidate descriptions ($2: an object of paths): payloads go and generations rise, so that a
-- slower writer of an old one is refused. A path without a row gets one.
-- Everybody takes the rows in one order, so that nobody waits for who waits.
insert into modules (realm_url, path, generation, created_at)
select $1, key, 1, $3 from {hashes} where true order by key
on conflict (realm_url, path) do update set
  description = null, dependencies = null, module_version = null,
  renderer_version = null, size = 0, created_at = excluded.created_at,
  generation = modules.generation + 1;

-- name: empty_realm [sqlite]
-- Give up every payload of a realm whose floor has risen: none of them counts any more.
update modules set
  description = null, dependencies = null, module_version = null,
  renderer_version = null, size = 0, created_at = $2, generation = generation + 1
where realm_url = $1 and path <> '';

-- name: empty_realm [postgres]
-- The same, but for rows that somebody is changing just now: the floor covers them.
update modules set
  description = null, dependencies = null, module_version = null,
  renderer_version = null, size = 0, created_at = $2, generation = generation + 1
where realm_url = $1 and path in (
  select path from modules where realm_url = $1 and path <> '' for update skip locked);

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
