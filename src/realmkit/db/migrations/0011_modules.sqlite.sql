-- The definition cache: what a browser page says of each module, under the version of the
-- module and of everything it imports.
create table modules (
  realm_url text not null,
  path text not null,
  description text,
  dependencies text,
  generation integer not null default 0,
  module_version text,
  renderer_version text,
  created_at integer not null,
  size integer not null default 0,
  primary key (realm_url, path)
);
create index modules_by_age on modules (created_at, size);
