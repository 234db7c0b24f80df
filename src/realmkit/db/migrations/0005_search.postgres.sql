-- Counting, and a first page in the default order, without reading a single document.
create index entries_in_order on entries (realm_url, type, has_error, file_alias, url);

-- How `contains` folds text, as near to Python's `lower` as this server's collations come.
do $choose$
declare
  fitting text;
begin
  select collname into fitting from pg_collation
  where collname in ('pg_unicode_fast', 'und-x-icu', 'pg_c_utf8')
    and collnamespace = 'pg_catalog'::regnamespace
    and collencoding in (-1, pg_char_to_encoding(getdatabaseencoding()))
  order by array_position(array['pg_unicode_fast', 'und-x-icu', 'pg_c_utf8'], collname::text)
  limit 1;
  execute format(
    'create function realmkit_fold(text) returns text language sql immutable parallel safe
     return lower($1 collate %s) collate "C"',
    coalesce(quote_ident(fitting), '"default"'));
end
$choose$;
