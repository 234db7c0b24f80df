-- A payload counts only while its realm's floor is the one that its writer had captured. And of a
-- module that was invalidated because its source is another one, results of the new source are
-- let in from whoever began them at this generation or later.
alter table module_transpile_cache add column realm_generation integer not null default 0;
alter table module_transpile_cache add column spares_from integer not null default 0;
alter table modules add column realm_generation integer not null default 0;
