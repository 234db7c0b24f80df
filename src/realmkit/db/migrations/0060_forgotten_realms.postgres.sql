-- Rows that forgotten realms left behind.
delete from search_values v
where not exists (select 1 from search_entries e where e.entry_id = v.entry_id);
delete from search_words w
where not exists (select 1 from search_entries e where e.entry_id = w.entry_id);
