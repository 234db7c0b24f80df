-- Declarations (`.d.ts`) are files, and were taken for modules that are not found.
delete from index_dependencies where type = 'module' and url like '%.d.ts';
delete from entries where type = 'module' and url like '%.d.ts';
