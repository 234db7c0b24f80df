-- An entry's dependencies are few and its name is long: the index keeps it once. Nothing else
-- writes them while a commit does, so they are kept apart without a unique index.
alter table index_dependencies drop constraint index_dependencies_pkey;
create index index_dependencies_of_entry on index_dependencies (realm_url, url);

-- One index finds an entry by its URL with and without the rest of its key.
alter table entries drop constraint entries_pkey;
drop index entries_by_url;
alter table entries add primary key (url, type, realm_url);
create index entries_by_realm on entries (realm_url);

-- Texts whose letters are all ASCII's are folded as they are read, and kept once. Rows of
-- before are right as they are.
do $trigrams$
begin
  drop index if exists search_values_by_trigram;
  create index search_values_by_trigram on search_values
    using gin (coalesce(folded, lower(text)) gin_trgm_ops)
    with (gin_pending_list_limit = 256) where kind = 3;
exception
  when feature_not_supported or undefined_file or insufficient_privilege or undefined_object then
    raise notice 'pg_trgm is not installed: contains will look through every text';
end
$trigrams$;
