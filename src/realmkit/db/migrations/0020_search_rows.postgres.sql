-- Entries of one realm that are alike: of one kind, with one adoption chain (a JSON array of
-- type keys), and of one health: 0 well, 1 broken with a document, 2 broken without.
-- `size` counts them.
create table shelves (
  shelf_id integer generated always as identity primary key,
  realm_url text collate "C" not null,
  type text collate "C" not null,
  types text collate "C" not null,
  health integer not null,
  size integer not null default 0
);
-- A chain may be longer than an index takes.
create unique index shelves_by_likeness on shelves (realm_url, type, md5(types), health);

-- What a search needs of an entry that can be found, without its documents.
create table search_entries (
  entry_id integer generated always as identity primary key,
  shelf_id integer not null,
  realm_url text collate "C" not null,
  url text collate "C" not null,
  type text collate "C" not null,
  file_alias text collate "C" not null,
  last_modified bigint,
  created_at bigint,
  title_words text collate "C" not null default ''
);
create unique index search_entries_by_url on search_entries (url, type, realm_url);
create index search_entries_by_id on search_entries (shelf_id, file_alias);
create index search_entries_by_last_modified on search_entries (shelf_id, last_modified);
create index search_entries_by_created_at on search_entries (shelf_id, created_at);

-- Paths by number: `visits[].place` is the place of each element of `visits`.
create table search_paths (
  path_id integer generated always as identity primary key,
  path text collate "C" not null unique
);

-- A double's bits, so that whole numbers are in the order of the doubles: an index keeps what
-- is equal once, but never so for doubles.
create function realmkit_number(double precision) returns bigint
language sql immutable strict parallel safe
return ('x' || encode(float8send($1 + 0.0), 'hex'))::bit(64)::bigint
  # (('x' || encode(float8send($1 + 0.0), 'hex'))::bit(64)::bigint >> 63 & 9223372036854775807);

-- The search doc as rows, one for each value. `element` says which elements of plurals a value
-- lies in, as in `0` or `2.1`. Kinds: 0 null (of an element), 1 object or array, 3 text,
-- 4 number (as `realmkit_number` has it), 5 boolean. `folded` is set where it is not the same
-- as `text`.
create table search_values (
  number bigint,
  entry_id integer not null,
  path_id integer not null,
  shelf_id integer not null,
  kind smallint not null,
  element text collate "C" not null,
  text text collate "C",
  folded text collate "C"
);
create index search_values_of_entry on search_values (entry_id);
-- Without the entry: what many cards share is kept once.
create index search_values_in_order on search_values (path_id, shelf_id, kind, number, text);

-- An entry's words as `matches` compares them: stems in their places, and, after `=`, words
-- unlike their stems.
create table search_words (
  entry_id integer primary key,
  shelf_id integer not null,
  words tsvector not null
);
create index search_words_by_word on search_words using gin (words)
  with (gin_pending_list_limit = 256);

-- What `contains` looks through: an index of trigrams where the server has them, and the
-- texts themselves where it does not.
do $trigrams$
begin
  create extension if not exists pg_trgm;
  create index search_values_by_trigram on search_values
    using gin (coalesce(folded, text) gin_trgm_ops)
    with (gin_pending_list_limit = 256) where kind = 3;
exception
  when feature_not_supported or undefined_file or insufficient_privilege or undefined_object then
    raise notice 'pg_trgm cannot be installed: contains will look through every text';
end
$trigrams$;

drop function realmkit_fold(text);

-- The adoption chain of an entry, one row a type: position 0 is its own. Its shelf has it.
drop table index_types;
create view index_types (realm_url, url, type, type_key, position) as
select e.realm_url, e.url, e.type, each.type_key, each.position - 1
from search_entries e
join shelves s on s.shelf_id = e.shelf_id
cross join lateral jsonb_array_elements_text(s.types::jsonb)
  with ordinality as each (type_key, position);

-- Names of dependencies are long and shared: the index keeps each once, its rows say the rest.
drop index index_dependents;
create index index_dependents on index_dependencies (dependency);

-- Shelves count, and searches put in order without it.
drop index entries_in_order;

-- Rows come of visits: let everything be visited again.
update entries set content_hash = null where type <> 'module';
