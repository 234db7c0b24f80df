-- Counting, and a first page in the default order, without reading a single document.
create index entries_in_order on entries (realm_url, type, has_error, file_alias, url);
