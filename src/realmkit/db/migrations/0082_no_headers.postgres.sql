-- A module's headers depend on how it is asked for and on what it imports; none belong to its
-- compiled form, so the column was always empty.
alter table module_transpile_cache drop column headers;
