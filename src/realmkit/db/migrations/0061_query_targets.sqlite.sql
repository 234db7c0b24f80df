-- Whose instances can change the answer of a search that a visit ran: one row a type key.
create table query_targets (
  target_type text not null,
  realm_url text not null,
  url text not null,
  type text not null,
  position integer not null
);
create index query_targets_by_type on query_targets (target_type);
create index query_targets_of_entry on query_targets (realm_url, url, type);

insert into query_targets (target_type, realm_url, url, type, position)
select distinct target.value, q.realm_url, q.url, q.type, q.position
from query_dependencies q, json_each(q.target_types) target;
