-- name: next_generation [sqlite]
-- Raises a realm's generation and moves its indexed_seq forward to $2 (null leaves it).
insert into realm_state (realm_url, indexed_seq, generation, indexed_at)
values ($1, coalesce($2, 0), 1, $3)
on conflict (realm_url) do update set
  indexed_seq = max(realm_state.indexed_seq, excluded.indexed_seq),
  generation = realm_state.generation + 1,
  indexed_at = excluded.indexed_at
returning generation;

-- name: next_generation [postgres]
-- Raises a realm's generation and moves its indexed_seq forward to $2 (null leaves it).
insert into realm_state (realm_url, indexed_seq, generation, indexed_at)
values ($1, coalesce($2::bigint, 0), 1, $3)
on conflict (realm_url) do update set
  indexed_seq = greatest(realm_state.indexed_seq, excluded.indexed_seq),
  generation = realm_state.generation + 1,
  indexed_at = excluded.indexed_at
returning generation;

-- name: before [sqlite]
-- Of each URL in the JSON array $2: the entries of a realm, and what lies beside each.
select asked.value, t.type, e.good_generation is not null, coalesce(e.has_error, 0),
  e.last_modified, e.types, e.pristine_doc, e.search_doc,
  (select json_group_array(json_array(h.format, h.type_key)) from prerendered_html h
   where h.realm_url = $1 and h.url = asked.value and h.type = t.type),
  (select json_group_array(y.style_id) from entry_styles y
   where y.realm_url = $1 and y.url = asked.value and y.type = t.type),
  (select json_group_array(json_array(d.dependency, d.kind, d.name)) from index_dependencies d
   where d.realm_url = $1 and d.url = asked.value and d.type = t.type),
  exists (select 1 from query_dependencies q
   where q.realm_url = $1 and q.url = asked.value and q.type = t.type),
  f.entry_id, s.shelf_id, s.type, s.types, s.health
from json_each($2) asked
cross join (select 'instance' as type union all select 'module' union all select 'file') t
left join entries e on e.realm_url = $1 and e.url = asked.value and e.type = t.type
left join search_entries f on f.realm_url = $1 and f.url = asked.value and f.type = t.type
left join shelves s on s.shelf_id = f.shelf_id
where e.url is not null or f.url is not null;

-- name: before [postgres]
-- Of each URL in the JSON array $2: the entries of a realm, and what lies beside each. By index,
-- URL after URL (`offset 0`): PostgreSQL expects so many that it would rather read every entry.
select asked.value, t.type, e.good_generation is not null, coalesce(e.has_error, 0),
  e.last_modified, e.types, e.pristine_doc, e.search_doc,
  (select jsonb_agg(jsonb_build_array(h.format, h.type_key)) from prerendered_html h
   where h.realm_url = $1 and h.url = asked.value and h.type = t.type),
  (select jsonb_agg(y.style_id) from entry_styles y
   where y.realm_url = $1 and y.url = asked.value and y.type = t.type),
  (select jsonb_agg(jsonb_build_array(d.dependency, d.kind, d.name)) from index_dependencies d
   where d.realm_url = $1 and d.url = asked.value and d.type = t.type),
  (select count(*) > 0 from query_dependencies q
   where q.realm_url = $1 and q.url = asked.value and q.type = t.type),
  f.entry_id, f.shelf_id, f.shelf_type, f.shelf_types, f.health
from jsonb_array_elements_text($2) as asked (value)
cross join (values ('instance'), ('module'), ('file')) as t (type)
left join lateral (
  select * from entries where realm_url = $1 and url = asked.value and type = t.type offset 0
) e on true
left join lateral (
  select f.url, f.entry_id, s.shelf_id, s.type as shelf_type, s.types as shelf_types, s.health
  from search_entries f join shelves s on s.shelf_id = f.shelf_id
  where f.realm_url = $1 and f.url = asked.value and f.type = t.type offset 0
) f on true
where e.url is not null or f.url is not null;

-- name: put_good
-- An entry as a good visit left it.
insert into entries
  (realm_url, url, type, file_alias, pristine_doc, search_doc, types, display_names, icon_html,
   has_error, error_doc, diagnostics, last_modified, resource_created_at, content_hash,
   indexed_at, generation, good_generation)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, null, $10, $11, $12, $13, $14, $15, $15)
on conflict (realm_url, url, type) do update set
  file_alias = excluded.file_alias, pristine_doc = excluded.pristine_doc,
  search_doc = excluded.search_doc, types = excluded.types,
  display_names = excluded.display_names, icon_html = excluded.icon_html,
  has_error = 0, error_doc = null, diagnostics = excluded.diagnostics,
  last_modified = excluded.last_modified,
  resource_created_at = coalesce(excluded.resource_created_at, entries.resource_created_at),
  content_hash = excluded.content_hash, indexed_at = excluded.indexed_at,
  generation = excluded.generation, good_generation = excluded.good_generation;

-- name: put_never_good
-- A failed entry that has no good visit behind it: what the visit left is all there is.
insert into entries
  (realm_url, url, type, file_alias, pristine_doc, search_doc, types, display_names, icon_html,
   has_error, error_doc, diagnostics, last_modified, resource_created_at, content_hash,
   indexed_at, generation)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10, $11, $12, $13, $14, $15, $16)
on conflict (realm_url, url, type) do update set
  file_alias = excluded.file_alias, pristine_doc = excluded.pristine_doc,
  search_doc = excluded.search_doc, types = excluded.types,
  display_names = excluded.display_names, icon_html = excluded.icon_html,
  has_error = 1, error_doc = excluded.error_doc, diagnostics = excluded.diagnostics,
  last_modified = excluded.last_modified,
  resource_created_at = coalesce(excluded.resource_created_at, entries.resource_created_at),
  content_hash = excluded.content_hash, indexed_at = excluded.indexed_at,
  generation = excluded.generation;

-- name: put_error
-- The error of an entry that was good before: its documents and artefacts stay.
update entries set
  has_error = 1, error_doc = $4, diagnostics = $5, last_modified = $6, content_hash = $7,
  indexed_at = $8, generation = $9
where realm_url = $1 and url = $2 and type = $3;

-- name: put_html
-- One rendering of an entry.
insert into prerendered_html (realm_url, url, type, format, type_key, html)
values ($1, $2, $3, $4, $5, $6)
on conflict (realm_url, url, type, format, type_key) do update set html = excluded.html;

-- name: put_style
-- A stylesheet; its id names its content, so the first one stays.
insert into styles (id, css) values ($1, $2) on conflict (id) do nothing;

-- name: put_entry_style
-- That an entry's HTML needs a stylesheet.
insert into entry_styles (realm_url, url, type, style_id) values ($1, $2, $3, $4);

-- name: put_dependency
-- One edge of the graph; an edge that is there already stays what it is.
insert into index_dependencies (realm_url, url, type, dependency, kind, name)
select cast($1 as text), cast($2 as text), cast($3 as text), cast($4 as text), cast($5 as text),
  cast($6 as text)
where not exists (
  select 1 from index_dependencies
  where realm_url = $1 and url = $2 and type = $3 and dependency = $4
);

-- name: put_query
-- One search that an entry's visit ran.
insert into query_dependencies
  (realm_url, url, type, position, realms, query, target_types, ids_hash)
values ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: own_names [sqlite]
-- Module and name that definitions have, for each known one of the [module, name] pairs in $1 by
-- which a module may pass it on.
select d.module_url, d.name,
  d.definition -> 'codeRef' ->> 'module', d.definition -> 'codeRef' ->> 'name'
from json_each($1) wanted
join definitions d on d.module_url = wanted.value ->> 0 and d.name = wanted.value ->> 1;

-- name: own_names [postgres]
-- Module and name that definitions have, for each known one of the [module, name] pairs in $1 by
-- which a module may pass it on.
select d.module_url, d.name,
  d.definition::jsonb -> 'codeRef' ->> 'module', d.definition::jsonb -> 'codeRef' ->> 'name'
from jsonb_array_elements($1) wanted
join definitions d on d.module_url = wanted.value ->> 0 and d.name = wanted.value ->> 1;

-- name: put_query_target
-- That a search's answer may change when instances of a type do.
insert into query_targets (target_type, realm_url, url, type, position)
values ($1, $2, $3, $4, $5);

-- name: put_definition
-- One definition of a module.
insert into definitions (module_url, name, realm_url, definition) values ($1, $2, $3, $4)
on conflict (module_url, name) do update set
  realm_url = excluded.realm_url, definition = excluded.definition;

-- name: clear_html
-- Forgets the renderings of an entry.
delete from prerendered_html where realm_url = $1 and url = $2 and type = $3;

-- name: clear_styles
-- Forgets which stylesheets an entry needs.
delete from entry_styles where realm_url = $1 and url = $2 and type = $3;

-- name: clear_queries
-- Forgets the searches of an entry.
delete from query_dependencies where realm_url = $1 and url = $2 and type = $3;

-- name: clear_query_targets
-- Forgets what the searches of an entry find.
delete from query_targets where realm_url = $1 and url = $2 and type = $3;

-- name: clear_dependencies
-- Forgets what an entry rests on.
delete from index_dependencies where realm_url = $1 and url = $2 and type = $3;

-- name: clear_error_dependencies
-- Forgets what the last failed visit of an entry looked for.
delete from index_dependencies where realm_url = $1 and url = $2 and type = $3 and kind = 'error';

-- name: clear_definitions
-- Forgets the definitions of a module.
delete from definitions where module_url = $1;

-- name: remove_entries
-- Forgets a URL.
delete from entries where realm_url = $1 and url = $2;

-- name: remove_html
-- Forgets the renderings of a URL.
delete from prerendered_html where realm_url = $1 and url = $2;

-- name: remove_styles
-- Forgets the stylesheets of a URL.
delete from entry_styles where realm_url = $1 and url = $2;

-- name: remove_queries
-- Forgets the searches of a URL.
delete from query_dependencies where realm_url = $1 and url = $2;

-- name: remove_query_targets
-- Forgets what the searches of a URL find.
delete from query_targets where realm_url = $1 and url = $2;

-- name: remove_dependencies
-- Forgets what a URL rests on. What rests on the URL is remembered.
delete from index_dependencies where realm_url = $1 and url = $2;

-- name: announce
-- What a commit made visible, for pages that listen.
insert into index_announcements
  (realm_url, seq, index_type, invalidations, client_request_id, generation, at)
values ($1, $2, $3, $4, $5, $6, $7);

-- name: prune_announcements
-- Drops the announcements of a realm up to a seq.
delete from index_announcements where realm_url = $1 and seq <= $2;
