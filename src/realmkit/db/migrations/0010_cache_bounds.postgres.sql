-- What a payload weighs, so that the oldest can be given up beyond a bound: the index alone
-- answers for age and size.
alter table module_transpile_cache add column size bigint not null default 0;
update module_transpile_cache set size = octet_length(body) where body is not null;
create index module_transpile_cache_by_age on module_transpile_cache (created_at, size);
