-- Rows that forgotten realms left behind, under numbers that other entries may be given.
delete from search_values where entry_id not in (select entry_id from search_entries);
delete from search_words where rowid not in (select entry_id from search_entries);
delete from search_trigrams where rowid not in (select entry_id from search_entries);
