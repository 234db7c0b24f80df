-- name: shelves_of_realm
-- Every shelf of a realm.
select shelf_id, type, types, health from shelves where realm_url = $1;

-- name: put_shelf [sqlite]
-- A new shelf.
insert into shelves (realm_url, type, types, health) values ($1, $2, $3, $4)
returning shelf_id;

-- name: put_shelf [postgres]
-- A new shelf.
insert into shelves (realm_url, type, types, health) values ($1, $2, $3, $4)
returning shelf_id;

-- name: resize_shelf
-- Adds $2 to the number of entries on a shelf.
update shelves set size = size + $2 where shelf_id = $1;

-- name: path_ids [sqlite]
-- The numbers of the paths in the JSON array $1.
select path, path_id from search_paths where path in (select value from json_each($1));

-- name: path_ids [postgres]
-- The numbers of the paths in the JSON array $1.
select path, path_id from search_paths where path in (select jsonb_array_elements_text($1));

-- name: put_paths [sqlite]
-- Numbers the paths of the JSON array $1, which is sorted so that commits do not cross.
insert into search_paths (path) select value from json_each($1) where true
on conflict (path) do nothing;

-- name: put_paths [postgres]
-- Numbers the paths of the JSON array $1, which is sorted so that commits do not cross.
insert into search_paths (path) select jsonb_array_elements_text($1)
on conflict (path) do nothing;

-- name: put_entries [sqlite]
-- Entries that searches can find, from the JSON array $2 of [url, type, shelf, alias, last
-- modified, created, words of the title]; returns their numbers.
insert into search_entries
  (realm_url, url, type, shelf_id, file_alias, last_modified, created_at, title_words)
select $1, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6
from json_each($2) where true
on conflict (url, type, realm_url) do update set
  shelf_id = excluded.shelf_id, file_alias = excluded.file_alias,
  last_modified = excluded.last_modified,
  created_at = coalesce(excluded.created_at, search_entries.created_at),
  title_words = excluded.title_words
returning entry_id, url, type;

-- name: put_entries [postgres]
-- Entries that searches can find, from the JSON array $2 of [url, type, shelf, alias, last
-- modified, created, words of the title]; returns their numbers.
insert into search_entries
  (realm_url, url, type, shelf_id, file_alias, last_modified, created_at, title_words)
select $1, value ->> 0, value ->> 1, (value ->> 2)::integer, value ->> 3, (value ->> 4)::bigint,
  (value ->> 5)::bigint, value ->> 6
from jsonb_array_elements($2) as each (value)
on conflict (url, type, realm_url) do update set
  shelf_id = excluded.shelf_id, file_alias = excluded.file_alias,
  last_modified = excluded.last_modified,
  created_at = coalesce(excluded.created_at, search_entries.created_at),
  title_words = excluded.title_words
returning entry_id, url, type;

-- name: move_entries [sqlite]
-- Puts the entries of the JSON array $1 of [entry, shelf, last modified] on other shelves.
update search_entries set shelf_id = moved.value ->> 1, last_modified = moved.value ->> 2
from json_each($1) as moved where search_entries.entry_id = moved.value ->> 0;

-- name: move_entries [postgres]
-- Puts the entries of the JSON array $1 of [entry, shelf, last modified] on other shelves.
update search_entries
set shelf_id = (moved.value ->> 1)::integer, last_modified = (moved.value ->> 2)::bigint
from jsonb_array_elements($1) as moved (value)
where search_entries.entry_id = (moved.value ->> 0)::integer;

-- name: move_values [sqlite]
-- The values of the entries in the JSON array $1 of [entry, shelf, ...] go with them.
update search_values set shelf_id = moved.value ->> 1
from json_each($1) as moved where search_values.entry_id = moved.value ->> 0;

-- name: move_values [postgres]
-- The values of the entries in the JSON array $1 of [entry, shelf, ...] go with them.
update search_values set shelf_id = (moved.value ->> 1)::integer
from jsonb_array_elements($1) as moved (value)
where search_values.entry_id = (moved.value ->> 0)::integer;

-- name: move_words [postgres]
-- The words of the entries in the JSON array $1 of [entry, shelf, ...] go with them.
update search_words set shelf_id = (moved.value ->> 1)::integer
from jsonb_array_elements($1) as moved (value)
where search_words.entry_id = (moved.value ->> 0)::integer;

-- name: remove_entries [sqlite]
-- Nothing finds the entries of the JSON array $1 any more.
delete from search_entries where entry_id in (select value from json_each($1));

-- name: remove_entries [postgres]
-- Nothing finds the entries of the JSON array $1 any more.
delete from search_entries
where entry_id = any (array(select jsonb_array_elements_text($1)::integer));

-- name: clear_values [sqlite]
-- Forgets the values of the entries in the JSON array $1.
delete from search_values where entry_id in (select value from json_each($1));

-- name: clear_values [postgres]
-- Forgets the values of the entries in the JSON array $1.
delete from search_values
where entry_id = any (array(select jsonb_array_elements_text($1)::integer));

-- name: clear_words [sqlite]
-- Forgets the words of the entries in the JSON array $1.
delete from search_words where rowid in (select value from json_each($1));

-- name: clear_words [postgres]
-- Forgets the words of the entries in the JSON array $1.
delete from search_words
where entry_id = any (array(select jsonb_array_elements_text($1)::integer));

-- name: clear_trigrams [sqlite]
-- Forgets the trigrams of the entries in the JSON array $1.
delete from search_trigrams where rowid in (select value from json_each($1));

-- name: put_values [sqlite]
-- Values: the JSON array $1 of [entry, path, element, kind, shelf, number, text, folded].
insert into search_values (entry_id, path_id, element, kind, shelf_id, number, text, folded)
select value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
  value ->> 7
from json_each($1);

-- name: put_values [postgres]
-- Values: the JSON array $1 of [entry, path, element, kind, shelf, number, text, folded].
insert into search_values (entry_id, path_id, element, kind, shelf_id, number, text, folded)
select (value ->> 0)::integer, (value ->> 1)::integer, value ->> 2, (value ->> 3)::smallint,
  (value ->> 4)::integer, realmkit_number((value ->> 5)::double precision), value ->> 6, value ->> 7
from jsonb_array_elements($1) as each (value);

-- name: put_words [sqlite]
-- Words: the JSON array $1 of [entry, shelf, stems in their places, words unlike their stems].
insert or replace into search_words (rowid, stems, words)
select value ->> 0, value ->> 2, value ->> 3 from json_each($1);

-- name: put_words [postgres]
-- Words: the JSON array $1 of [entry, shelf, tsvector].
insert into search_words (entry_id, shelf_id, words)
select (value ->> 0)::integer, (value ->> 1)::integer, (value ->> 2)::tsvector
from jsonb_array_elements($1) as each (value)
on conflict (entry_id) do update set shelf_id = excluded.shelf_id, words = excluded.words;

-- name: put_trigrams [sqlite]
-- Trigrams: the JSON array $1 of [entry, tokens].
insert or replace into search_trigrams (rowid, tokens) select value ->> 0, value ->> 1 from json_each($1);
