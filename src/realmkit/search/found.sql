-- name: columns
-- What a `Found` is made from, of an entry `i`.
i.realm_url, i.url, i.type, i.pristine_doc, i.types, i.display_names, i.icon_html,
  i.error_doc, i.last_modified, i.resource_created_at, i.generation

-- name: linked_columns
-- The same for what a link leads to, which shows neither icon nor names.
i.realm_url, i.url, i.type, i.pristine_doc, i.types, null, null,
  i.error_doc, i.last_modified, i.resource_created_at, i.generation

-- name: generation
-- A number that every commit to any realm's index raises.
(select coalesce(sum(s.generation), 0) from realm_state s)

-- name: generation_now
-- Where the index of all realms together stands.
select {generation};

-- name: is_wanted [sqlite]
-- Whether an entry `i` is in the JSON array $1 of URLs.
i.url in (select value from json_each($1))

-- name: is_wanted [postgres]
-- The same. A join with the members would have the planner read the whole table.
i.url = any (array(select jsonb_array_elements_text($1::text::jsonb)))

-- name: by_url
-- The entries of a JSON array $1 of URLs, in any realm.
select {linked_columns} from entries i where {is_wanted};

-- name: unchanged
-- The instances of a JSON array $1 of URLs whose files are as they were when indexed; none
-- while a module of any realm waits to be indexed. With each, where the index stands.
select {columns}, {generation} from entries i
join realm_file_meta f
  on f.realm_url = i.realm_url
  and f.file_path = substr(i.url, length(i.realm_url) + 1)
  and f.content_hash = i.content_hash
where {is_wanted} and i.type = 'instance' and i.has_error = 0
  and not exists (
    select 1 from change_log_ends e
    join change_log c on c.realm_url = e.realm_url and c.kind = 'module' and c.seq >
      coalesce((select s.indexed_seq from realm_state s where s.realm_url = e.realm_url), 0)
  );

-- name: card
-- One instance by the URL of its file, what its visit saw of it, whether the log of its
-- realm has gone on since the index last followed it, and where the index stands.
select {columns}, i.content_hash,
  coalesce((select e.last_change_seq from change_log_ends e where e.realm_url = i.realm_url), 0)
  > coalesce((select s.indexed_seq from realm_state s where s.realm_url = i.realm_url), 0),
  {generation}
from entries i where i.url = $1 and i.type = 'instance';

-- name: pairs [sqlite]
-- The members of the JSON array $1 of [realm URL, URL] pairs.
json_each($1)

-- name: pairs [postgres]
-- The members of the JSON array $1 of [realm URL, URL] pairs.
jsonb_array_elements($1::text::jsonb)

-- name: html_of
-- The prerendered HTML of instances, in a format ($2); which rendering of it is still to be said.
select wanted.value ->> 0, wanted.value ->> 1, h.html, {generation} from {pairs} wanted
left join prerendered_html h on h.realm_url = wanted.value ->> 0 and h.url = wanted.value ->> 1
and h.type = 'instance' and h.format = $2 and h.type_key =

-- name: html
-- The HTML of the instances $1 in a format that is rendered once for each.
{html_of} '';

-- name: html_as
-- The HTML of the instances $1, each rendered as the type $3.
{html_of} $3;

-- name: html_as_own
-- The HTML of the instances $1, each as its own type; one whose own type has no rendering
-- shows its nearest ancestor's.
{html_of} (
  select t.type_key from index_types t
  join prerendered_html own on own.url = t.url and own.realm_url = t.realm_url
    and own.type = t.type and own.format = $2 and own.type_key = t.type_key
  where t.realm_url = wanted.value ->> 0 and t.url = wanted.value ->> 1 and t.type = 'instance'
  order by t.position limit 1
);
