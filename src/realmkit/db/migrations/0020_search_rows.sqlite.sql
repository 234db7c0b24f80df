-- Entries of one realm that are alike: of one kind, with one adoption chain (a JSON array of
-- type keys), and of one health: 0 well, 1 broken with a document, 2 broken without.
-- `size` counts them.
create table shelves (
  shelf_id integer primary key,
  realm_url text not null,
  type text not null,
  types text not null,
  health integer not null,
  size integer not null default 0,
  unique (realm_url, type, types, health)
);

-- What a search needs of an entry that can be found, without its documents.
create table search_entries (
  entry_id integer primary key,
  shelf_id integer not null,
  realm_url text not null,
  url text not null,
  type text not null,
  file_alias text not null,
  last_modified integer,
  created_at integer,
  title_words text not null default '',
  unique (url, type, realm_url)
);
create index search_entries_by_id on search_entries (shelf_id, file_alias);
create index search_entries_by_last_modified on search_entries (shelf_id, last_modified);
create index search_entries_by_created_at on search_entries (shelf_id, created_at);

-- Paths by number: `visits[].place` is the place of each element of `visits`.
create table search_paths (
  path_id integer primary key,
  path text not null unique
);

-- The search doc as rows, one for each value. `element` says which elements of plurals a value
-- lies in, as in `0` or `2.1`. Kinds: 0 null (of an element), 1 object or array, 3 text,
-- 4 number, 5 boolean. `folded` is set where it is not the same as `text`.
create table search_values (
  entry_id integer not null,
  path_id integer not null,
  element text not null,
  kind integer not null,
  shelf_id integer not null,
  number real,
  text text,
  folded text,
  primary key (entry_id, path_id, element, kind)
) without rowid;
create index search_values_in_order
  on search_values (path_id, shelf_id, kind, number, text, entry_id);

-- Which three characters follow each other in an entry's folded texts, path by path: each
-- token stands for a path and three characters.
create virtual table search_trigrams using fts5(
  tokens, content='', contentless_delete=1, detail=none, tokenize='ascii'
);

-- An entry's words as `matches` compares them: stems in their places, and words unlike theirs.
create virtual table search_words using fts5(
  stems, words, content='', contentless_delete=1, tokenize='ascii'
);

-- The adoption chain of an entry, one row a type: position 0 is its own. Its shelf has it.
drop table index_types;
create view index_types (realm_url, url, type, type_key, position) as
select e.realm_url, e.url, e.type, each.value, each.key
from search_entries e
join shelves s on s.shelf_id = e.shelf_id
join json_each(s.types) each;

-- Shelves count, and searches put in order without it.
drop index entries_in_order;

-- Rows come of visits: let everything be visited again.
update entries set content_hash = null where type <> 'module';
