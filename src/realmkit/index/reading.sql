-- name: entries [sqlite]
-- The entries whose URL is in the JSON array $1, in any realm.
select realm_url, url, type, file_alias, pristine_doc, search_doc, types, display_names,
  icon_html, has_error, error_doc, diagnostics, last_modified, resource_created_at,
  content_hash, indexed_at, generation
from entries where url in (select value from json_each($1)) order by url, type;

-- name: entries [postgres]
-- The entries whose URL is in the JSON array $1, in any realm.
select realm_url, url, type, file_alias, pristine_doc, search_doc, types, display_names,
  icon_html, has_error, error_doc, diagnostics, last_modified, resource_created_at,
  content_hash, indexed_at, generation
from entries where url = any (array(select jsonb_array_elements_text($1))) order by url, type;

-- name: urls
-- Every indexed URL of a realm with what its visit saw.
select url, type, content_hash, last_modified, has_error
from entries where realm_url = $1 order by url, type;

-- name: html
-- One rendering of an instance.
select html from prerendered_html
where url = $1 and realm_url = $2 and type = 'instance' and format = $3 and type_key = $4;

-- name: own_html
-- A rendering of an instance by the first type of its chain that has one.
select h.html from prerendered_html h
join index_types t on t.realm_url = h.realm_url and t.url = h.url and t.type = h.type
  and t.type_key = h.type_key
where h.url = $1 and h.realm_url = $2 and h.type = 'instance' and h.format = $3
order by t.position limit 1;

-- name: styles_of
-- The stylesheets that the HTML of an instance needs.
select s.id, s.css from entry_styles e join styles s on s.id = e.style_id
where e.url = $1 and e.realm_url = $2 order by s.id;

-- name: style
-- One stylesheet.
select css from styles where id = $1;

-- name: definitions [sqlite]
-- The definitions named by the JSON array $1 of [module, name] pairs.
select d.module_url, d.name, d.definition
from json_each($1) wanted
join definitions d on d.module_url = wanted.value ->> 0 and d.name = wanted.value ->> 1;

-- name: definitions [postgres]
-- The definitions named by the JSON array $1 of [module, name] pairs.
select d.module_url, d.name, d.definition
from jsonb_array_elements($1) wanted
join definitions d on d.module_url = wanted.value ->> 0 and d.name = wanted.value ->> 1;

-- name: definitions_of_realm
-- Every definition of a realm's modules.
select module_url, name, definition from definitions
where realm_url = $1 order by module_url, name;

-- name: types_summary [sqlite]
-- How many instances of a realm have each type as their own, with its name and icon.
select t.type_key, count(*), max(json_extract(e.display_names, '$[0]')), max(e.icon_html)
from index_types t
join entries e on e.realm_url = t.realm_url and e.url = t.url and e.type = t.type
where t.realm_url = $1 and t.type = 'instance' and t.position = 0
group by t.type_key order by 3, 1;

-- name: types_summary [postgres]
-- How many instances of a realm have each type as their own, with its name and icon.
select t.type_key, count(*), max((e.display_names::jsonb ->> 0) collate "C"), max(e.icon_html)
from index_types t
join entries e on e.realm_url = t.realm_url and e.url = t.url and e.type = t.type
where t.realm_url = $1 and t.type = 'instance' and t.position = 0
group by t.type_key order by 3 nulls first, 1;

-- name: neighbours
-- The instances directly in the folder $2 of a realm, at most $5: those first that come next to
-- the URL $3 in order, on either side. $4 is where the folder ends. What lies in folders of it is
-- passed over, up to 10,000 rows on either side.
select near.url from (
  select before.url, row_number() over (order by before.url desc) as distance from (
    select url from entries
    where realm_url = $1 and url >= $2 and url < $3 and type = 'instance'
    order by url desc limit 10000
  ) before where substr(before.url, length($2) + 1) not like '%/%'
  union all
  select after.url, row_number() over (order by after.url) from (
    select url from entries
    where realm_url = $1 and url >= $3 and url < $4 and type = 'instance'
    order by url limit 10000
  ) after where substr(after.url, length($2) + 1) not like '%/%'
) near order by near.distance, near.url limit cast($5 as bigint);

-- name: plain_files [sqlite]
-- The files of a realm that are neither a card's document nor a module, by URL.
select f.url, json_extract(f.display_names, '$[0]'), json_extract(f.search_doc, '$.contentSize')
from entries f
where f.realm_url = $1 and f.type = 'file' and not exists (
  select 1 from entries other
  where other.realm_url = f.realm_url and other.url = f.url and other.type <> 'file'
) order by f.url limit cast($2 as bigint);

-- name: plain_files [postgres]
-- The files of a realm that are neither a card's document nor a module, by URL.
select f.url, f.display_names::jsonb ->> 0, (f.search_doc::jsonb ->> 'contentSize')::bigint
from entries f
where f.realm_url = $1 and f.type = 'file' and not exists (
  select 1 from entries other
  where other.realm_url = f.realm_url and other.url = f.url and other.type <> 'file'
) order by f.url limit cast($2 as bigint);

-- name: errors [sqlite]
-- The entries of a realm whose last visit failed: by their index (`+`), not all in order.
select url, type, error_doc from entries where realm_url = $1 and has_error = 1
order by +url, type;

-- name: errors [postgres]
-- The entries of a realm whose last visit failed.
select url, type, error_doc from entries where realm_url = $1 and has_error = 1
order by url, type;

-- name: broken_links [sqlite]
-- The entries of a realm whose visit met broken links.
select url, type, json_extract(diagnostics, '$.brokenLinks') from entries
where realm_url = $1 and json_array_length(diagnostics, '$.brokenLinks') > 0
order by url, type;

-- name: broken_links [postgres]
-- The entries of a realm whose visit met broken links.
select url, type, links from (
  select url, type, diagnostics::jsonb -> 'brokenLinks' as links
  from entries where realm_url = $1
) as visited
where jsonb_typeof(links) = 'array' and links <> '[]'
order by url, type;

-- name: dependencies
-- What the entries with a URL or alias $1 rest on.
select e.url, e.realm_url, e.type, e.has_error, d.dependency
from entries e
left join index_dependencies d
  on d.realm_url = e.realm_url and d.url = e.url and d.type = e.type
where e.url = $1 or e.file_alias = $1 order by e.url, e.type = 'file', e.type, d.dependency;

-- name: query_only [sqlite]
-- What the entries with a URL or alias $1 touched through searches alone.
select url, type, json_extract(diagnostics, '$.queryOnly') from entries
where (url = $1 or file_alias = $1) and json_extract(diagnostics, '$.queryOnly') is not null;

-- name: query_only [postgres]
-- What the entries with a URL or alias $1 touched through searches alone.
select url, type, (diagnostics::jsonb -> 'queryOnly')::text from entries
where (url = $1 or file_alias = $1) and diagnostics::jsonb -> 'queryOnly' is not null;

-- name: dependents [sqlite]
-- Everything that rests on a name of the JSON array $1, through modules and through instances.
with recursive reached (name, realm_url, url, type) as (
  select value, null, null, null from json_each($1)
  union
  select case when d.name = '' then d.url else d.name end, d.realm_url, d.url, d.type
  from reached r join index_dependencies d on d.dependency = r.name
)
select distinct realm_url, url, type from reached where url is not null
order by realm_url, url, type;

-- name: dependents [postgres]
-- Everything that rests on a name of the JSON array $1, through modules and through instances.
-- By index, name after name (`offset 0`). Most entries rest on the same few modules, so that of
-- any name PostgreSQL expects very many, unless it is asked for a range, of one name here: it
-- would rather read every dependency of every realm.
with recursive reached (name, realm_url, url, type) as (
  select value collate "C", null collate "C", null collate "C", null collate "C"
  from jsonb_array_elements_text($1)
  union
  select case when d.name = '' then d.url else d.name end, d.realm_url, d.url, d.type
  from reached r cross join lateral (
    select name, realm_url, url, type from index_dependencies
    where dependency >= r.name and dependency <= r.name offset 0
  ) d
)
select distinct realm_url, url, type from reached where url is not null
order by realm_url, url, type;

-- name: dependents_through_modules [sqlite]
-- Everything that rests on a name of the JSON array $1, directly or through modules.
with recursive reached (name, realm_url, url, type) as (
  select value, null, null, null from json_each($1)
  union
  select case when d.name = '' then d.url else d.name end, d.realm_url, d.url, d.type
  from reached r join index_dependencies d on d.dependency = r.name
  where r.type is null or r.type = 'module'
)
select distinct realm_url, url, type from reached where url is not null
order by realm_url, url, type;

-- name: dependents_through_modules [postgres]
-- Everything that rests on a name of the JSON array $1, directly or through modules.
-- By index, name after name (`offset 0`). Most entries rest on the same few modules, so that of
-- any name PostgreSQL expects very many, unless it is asked for a range, of one name here: it
-- would rather read every dependency of every realm.
with recursive reached (name, realm_url, url, type) as (
  select value collate "C", null collate "C", null collate "C", null collate "C"
  from jsonb_array_elements_text($1)
  union
  select case when d.name = '' then d.url else d.name end, d.realm_url, d.url, d.type
  from reached r cross join lateral (
    select name, realm_url, url, type from index_dependencies
    where dependency >= r.name and dependency <= r.name offset 0
  ) d
  where r.type is null or r.type = 'module'
)
select distinct realm_url, url, type from reached where url is not null
order by realm_url, url, type;

-- name: queries [sqlite]
-- The stored searches with a target type in the JSON array $1, in any realm.
select q.realm_url, q.url, q.position, q.realms, q.query, q.target_types, q.ids_hash
from (
  select distinct realm_url, url, type, position from query_targets
  where target_type in (select value from json_each($1))
) t
join query_dependencies q on q.realm_url = t.realm_url and q.url = t.url and q.type = t.type
  and q.position = t.position
order by q.realm_url, q.url, q.position;

-- name: queries [postgres]
-- The stored searches with a target type in the JSON array $1, in any realm.
select q.realm_url, q.url, q.position, q.realms, q.query, q.target_types, q.ids_hash
from (
  select distinct realm_url, url, type, position from query_targets
  where target_type = any (array(select jsonb_array_elements_text($1)))
) t
join query_dependencies q on q.realm_url = t.realm_url and q.url = t.url and q.type = t.type
  and q.position = t.position
order by q.realm_url, q.url, q.position;

-- name: queries_of_realm
-- The stored searches of a realm's entries.
select realm_url, url, position, realms, query, target_types, ids_hash
from query_dependencies where realm_url = $1 order by url, position;

-- name: edges_among [sqlite]
-- Which of the files $2 rests on which, in a realm.
select d.url, d.dependency from index_dependencies d
where d.realm_url = $1 and d.kind = 'instance'
  and d.url in (select value from json_each($2)) and d.dependency in (select value from json_each($2))
order by d.url, d.dependency;

-- name: edges_among [postgres]
-- Which of the files $2 rests on which, in a realm.
select d.url, d.dependency from index_dependencies d
where d.realm_url = $1 and d.kind = 'instance'
  and d.url in (select value collate "C" from jsonb_array_elements_text($2))
  and d.dependency in (select value collate "C" from jsonb_array_elements_text($2))
order by d.url, d.dependency;

-- name: standing [sqlite]
-- Of the instances $2 of a realm: whether each failed, and whether it runs searches.
select e.url, e.has_error, exists (
  select 1 from query_dependencies q where q.realm_url = e.realm_url and q.url = e.url
)
from entries e
where e.realm_url = $1 and e.type = 'instance' and e.url in (select value from json_each($2));

-- name: standing [postgres]
-- Of the instances $2 of a realm: whether each failed, and whether it runs searches.
select e.url, e.has_error, exists (
  select 1 from query_dependencies q where q.realm_url = e.realm_url and q.url = e.url
)
from entries e
where e.realm_url = $1 and e.type = 'instance' and e.url = any (array(select jsonb_array_elements_text($2)));

-- name: beyond_help [sqlite]
-- Those of the instances $1 that failed and rest on a module that failed.
select distinct e.url from entries e
join index_dependencies d on d.realm_url = e.realm_url and d.url = e.url and d.type = e.type
join entries m on m.file_alias = d.dependency and m.type = 'module' and m.has_error = 1
where e.url in (select value from json_each($1)) and e.type = 'instance' and e.has_error = 1
order by e.url;

-- name: beyond_help [postgres]
-- Those of the instances $1 that failed and rest on a module that failed.
select distinct e.url from entries e
join index_dependencies d on d.realm_url = e.realm_url and d.url = e.url and d.type = e.type
join entries m on m.file_alias = d.dependency and m.type = 'module' and m.has_error = 1
where e.url = any (array(select jsonb_array_elements_text($1))) and e.type = 'instance' and e.has_error = 1
order by e.url;

-- name: overtaken
-- The entries of a realm that rest on something another realm's index has visited since.
select distinct d.realm_url, d.url, d.type
from index_dependencies d
join entries mine on mine.realm_url = d.realm_url and mine.url = d.url and mine.type = d.type
join entries theirs on theirs.file_alias =
  case when d.dependency like '%.json' then substr(d.dependency, 1, length(d.dependency) - 5)
  else d.dependency end
where d.realm_url = $1 and theirs.realm_url <> $1 and theirs.indexed_at > mine.indexed_at
order by d.url, d.type;

-- name: state
-- How far a realm's index has come, and which changes its long run still owes it.
select s.indexed_seq, s.generation, s.indexed_at, coalesce(r.after_seq, 0), coalesce(r.seq, 0)
from realm_state s left join index_runs r on r.realm_url = s.realm_url
where s.realm_url = $1;

-- name: to_do [sqlite]
-- At one moment: how far a realm's index has come (as `state`), whether its visits are owed, up
-- to where its log is pruned, and where every realm stands (as `place`, on the first row alone),
-- beside the changes that no run has taken, oldest first. One row without a change if there is none.
select coalesce(s.indexed_seq, 0), coalesce(s.generation, 0), s.indexed_at,
  coalesce(r.after_seq, 0), coalesce(r.seq, 0),
  r.realm_url is not null or exists (select 1 from index_work w where w.realm_url = $1),
  coalesce(e.pruned_seq, 0),
  case when lag(c.seq) over (order by c.seq) is null then (
    select json_group_array(json_array(a.realm_url, a.last_change_seq, coalesce(g.generation, 0)))
    from change_log_ends a left join realm_state g on g.realm_url = a.realm_url
  ) end,
  c.realm_url, c.seq, c.kind, c.path, c.operation, c.content_hash, c.client_request_id, c.at,
  c.is_forced
from (select 1) one
left join realm_state s on s.realm_url = $1
left join index_runs r on r.realm_url = $1
left join change_log_ends e on e.realm_url = $1
left join change_log c on c.realm_url = $1 and c.seq > coalesce(s.indexed_seq, 0)
order by c.seq;

-- name: to_do [postgres]
-- At one moment: how far a realm's index has come (as `state`), whether its visits are owed, up
-- to where its log is pruned, and where every realm stands (as `place`, on the first row alone),
-- beside the changes that no run has taken, oldest first. One row without a change if there is none.
select coalesce(s.indexed_seq, 0), coalesce(s.generation, 0), s.indexed_at,
  coalesce(r.after_seq, 0), coalesce(r.seq, 0),
  r.realm_url is not null or exists (select 1 from index_work w where w.realm_url = $1),
  coalesce(e.pruned_seq, 0),
  case when lag(c.seq) over (order by c.seq) is null then (
    select jsonb_agg(jsonb_build_array(a.realm_url, a.last_change_seq, coalesce(g.generation, 0)))
    from change_log_ends a left join realm_state g on g.realm_url = a.realm_url
  )::text end,
  c.realm_url, c.seq, c.kind, c.path, c.operation, c.content_hash, c.client_request_id, c.at,
  c.is_forced
from (select 1) one
left join realm_state s on s.realm_url = $1
left join index_runs r on r.realm_url = $1
left join change_log_ends e on e.realm_url = $1
left join change_log c on c.realm_url = $1 and c.seq > coalesce(s.indexed_seq, 0)
order by c.seq;

-- name: counts
-- How many entries a realm has of each type, and how many of them failed.
select
  count(*) filter (where type = 'instance'), count(*) filter (where type = 'module'),
  count(*) filter (where type = 'file'), count(*) filter (where has_error = 1)
from entries where realm_url = $1;

-- name: announcements
-- At one moment: the last seq that a realm's log has given out, beside what was announced after
-- the seq $2, oldest first. One row without an announcement if there is none.
select e.last_seq, a.realm_url, a.seq, a.index_type, a.invalidations, a.client_request_id,
  a.generation, a.at
from change_log_ends e left join (
  select realm_url, seq, index_type, invalidations, client_request_id, generation, at
  from index_announcements where realm_url = $1 and seq > $2 order by seq limit cast($3 as bigint)
) a on a.realm_url = e.realm_url
where e.realm_url = $1 order by a.seq;
