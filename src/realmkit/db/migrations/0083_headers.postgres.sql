-- A module's content type belongs to what was compiled, however it is asked for; whoever reads
-- the table finds it here.
alter table module_transpile_cache add column headers jsonb;
