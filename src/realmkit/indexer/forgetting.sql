-- name: tables [sqlite]
-- Every table whose rows belong to realms.
select tables.name from sqlite_schema tables, pragma_table_info(tables.name) columns
where tables.type = 'table' and columns.name = 'realm_url' order by 1;

-- name: tables [postgres]
-- Every table whose rows belong to realms.
select columns.table_name from information_schema.columns
join information_schema.tables using (table_schema, table_name)
where columns.table_schema = current_schema() and tables.table_type = 'BASE TABLE'
  and columns.column_name = 'realm_url' order by 1;

-- name: forget_rows
-- Forgets a realm's rows of one table, which takes the place of `of_table`.
delete from "of_table" where realm_url = $1;

-- name: search_values
-- Forgets the values that searches find a realm's entries by.
delete from search_values
where entry_id in (select entry_id from search_entries where realm_url = $1);

-- name: search_words [sqlite]
-- Forgets the words that searches find a realm's entries by.
delete from search_words
where rowid in (select entry_id from search_entries where realm_url = $1);

-- name: search_words [postgres]
-- Forgets the words that searches find a realm's entries by.
delete from search_words
where entry_id in (select entry_id from search_entries where realm_url = $1);

-- name: search_trigrams [sqlite]
-- Forgets the trigrams that searches find a realm's entries by.
delete from search_trigrams
where rowid in (select entry_id from search_entries where realm_url = $1);

-- name: forget_state
-- Nothing is indexed. The generation rises: what was cached under an earlier one is not taken
-- for what a realm at the same URL has later.
update realm_state set generation = generation + 1, indexed_seq = 0, indexed_at = null
where realm_url = $1;

-- name: cut_log
-- Gives out one more seq, up to which everything is gone: whoever follows the log starts over.
update change_log_ends set
  last_seq = last_seq + 1, last_change_seq = last_seq + 1, pruned_seq = last_seq + 1
where realm_url = $1;
