-- What the index knows of one URL. `file_alias` is the URL without an executable extension
-- or `.json`, base realm as `@cardstack/base/`; documents, types and names are JSON text, but
-- for the search doc; times in seconds, `indexed_at` in ms. A failed visit leaves
-- `good_generation` where it was.
create table entries (
  realm_url text collate "C" not null,
  url text collate "C" not null,
  type text collate "C" not null check (type in ('instance', 'module', 'file')),
  file_alias text collate "C" not null,
  pristine_doc text,
  search_doc jsonb,
  types text,
  display_names text,
  icon_html text,
  has_error integer not null default 0,
  error_doc text,
  diagnostics text,
  last_modified bigint,
  resource_created_at bigint,
  content_hash text,
  indexed_at bigint not null,
  generation bigint not null,
  good_generation bigint,
  primary key (realm_url, url, type)
);
create index entries_by_url on entries (url);
create index entries_by_alias on entries (file_alias);
create index entries_with_errors on entries (realm_url) where has_error = 1;

-- The adoption chain of an entry, one row a type: position 0 is its own.
create table index_types (
  realm_url text collate "C" not null,
  url text collate "C" not null,
  type text collate "C" not null default 'instance',
  type_key text collate "C" not null,
  position integer not null,
  primary key (realm_url, url, type, position)
);
create unique index index_types_by_key on index_types (type_key, realm_url, type, url, position);

-- The dependency graph: `url` was read by means of `dependency`. `name` is what others call
-- this entry when they depend on it. Kind `error` marks what a failed visit looked for.
create table index_dependencies (
  realm_url text collate "C" not null,
  url text collate "C" not null,
  type text collate "C" not null,
  dependency text collate "C" not null,
  kind text collate "C" not null check (kind in ('module', 'instance', 'file', 'error')),
  name text collate "C" not null,
  primary key (realm_url, url, type, dependency)
);
create index index_dependents on index_dependencies (dependency, name, realm_url, url, type);

-- The searches a visit ran, to be asked again when their target types change.
create table query_dependencies (
  realm_url text collate "C" not null,
  url text collate "C" not null,
  type text collate "C" not null default 'instance',
  position integer not null,
  realms text not null,
  query text not null,
  target_types text not null,
  ids_hash text not null,
  primary key (realm_url, url, type, position)
);

-- Artefacts: `type_key` is empty for formats that have one rendering only.
create table prerendered_html (
  realm_url text collate "C" not null,
  url text collate "C" not null,
  type text collate "C" not null default 'instance',
  format text collate "C" not null,
  type_key text collate "C" not null default '',
  html text not null,
  primary key (realm_url, url, type, format, type_key)
);

-- Scoped stylesheets are immutable: the id names their content.
create table styles (
  id text collate "C" primary key,
  css text not null
);
create table entry_styles (
  realm_url text collate "C" not null,
  url text collate "C" not null,
  type text collate "C" not null default 'instance',
  style_id text collate "C" not null,
  primary key (realm_url, url, type, style_id)
);

-- Card and field definitions as the browser described them.
create table definitions (
  module_url text collate "C" not null,
  name text collate "C" not null,
  realm_url text collate "C" not null,
  definition text not null,
  primary key (module_url, name)
);
create index definitions_by_realm on definitions (realm_url);

-- How far each realm's index has come along its change log.
create table realm_state (
  realm_url text collate "C" primary key,
  indexed_seq bigint not null default 0,
  generation bigint not null default 0,
  indexed_at bigint
);

-- `event: index`: what each commit made visible, under seqs of the change log.
create table index_announcements (
  realm_url text collate "C" not null,
  seq bigint not null,
  index_type text not null,
  invalidations text not null,
  client_request_id text,
  generation bigint not null,
  at bigint not null,
  primary key (realm_url, seq)
);
