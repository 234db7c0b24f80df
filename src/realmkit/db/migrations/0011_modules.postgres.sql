-- The definition cache: what a browser page says of each module, under the version of the
-- module and of everything it imports. Made again when lost, so kept out of the log.
create unlogged table modules (
  realm_url text collate "C" not null,
  path text collate "C" not null,
  description text,
  dependencies jsonb,
  generation bigint not null default 0,
  module_version text,
  renderer_version text,
  created_at bigint not null,
  size bigint not null default 0,
  primary key (realm_url, path)
);
create index modules_by_age on modules (created_at, size);
