-- What the index knows of one URL. `file_alias` is the URL without an executable extension
-- or `.json`, base realm as `@cardstack/base/`; documents, types and names are JSON text; times
-- in seconds, `indexed_at` in ms. A failed visit leaves `good_generation` where it was.
create table entries (
  realm_url text not null,
  url text not null,
  type text not null check (type in ('instance', 'module', 'file')),
  file_alias text not null,
  pristine_doc text,
  search_doc text,
  types text,
  display_names text,
  icon_html text,
  has_error integer not null default 0,
  error_doc text,
  diagnostics text,
  last_modified integer,
  resource_created_at integer,
  content_hash text,
  indexed_at integer not null,
  generation integer not null,
  good_generation integer,
  primary key (realm_url, url, type)
);
create index entries_by_url on entries (url);
create index entries_by_alias on entries (file_alias);
create index entries_with_errors on entries (realm_url) where has_error = 1;

-- The adoption chain of an entry, one row a type: position 0 is its own.
create table index_types (
  realm_url text not null,
  url text not null,
  type text not null default 'instance',
  type_key text not null,
  position integer not null,
  primary key (realm_url, url, type, position)
) without rowid;
create unique index index_types_by_key on index_types (type_key, realm_url, type, url, position);

-- The dependency graph: `url` was read by means of `dependency`. `name` is what others call
-- this entry when they depend on it. Kind `error` marks what a failed visit looked for.
create table index_dependencies (
  realm_url text not null,
  url text not null,
  type text not null,
  dependency text not null,
  kind text not null check (kind in ('module', 'instance', 'file', 'error')),
  name text not null,
  primary key (realm_url, url, type, dependency)
) without rowid;
create index index_dependents on index_dependencies (dependency, name, realm_url, url, type);

-- The searches a visit ran, to be asked again when their target types change.
create table query_dependencies (
  realm_url text not null,
  url text not null,
  type text not null default 'instance',
  position integer not null,
  realms text not null,
  query text not null,
  target_types text not null,
  ids_hash text not null,
  primary key (realm_url, url, type, position)
) without rowid;

-- Artefacts: `type_key` is empty for formats that have one rendering only.
create table prerendered_html (
  realm_url text not null,
  url text not null,
  type text not null default 'instance',
  format text not null,
  type_key text not null default '',
  html text not null,
  primary key (realm_url, url, type, format, type_key)
);

-- Scoped stylesheets are immutable: the id names their content.
create table styles (
  id text primary key,
  css text not null
);
create table entry_styles (
  realm_url text not null,
  url text not null,
  type text not null default 'instance',
  style_id text not null,
  primary key (realm_url, url, type, style_id)
) without rowid;

-- Card and field definitions as the browser described them.
create table definitions (
  module_url text not null,
  name text not null,
  realm_url text not null,
  definition text not null,
  primary key (module_url, name)
);
create index definitions_by_realm on definitions (realm_url);

-- How far each realm's index has come along its change log.
create table realm_state (
  realm_url text primary key,
  indexed_seq integer not null default 0,
  generation integer not null default 0,
  indexed_at integer
) without rowid;

-- `event: index`: what each commit made visible, under seqs of the change log.
create table index_announcements (
  realm_url text not null,
  seq integer not null,
  index_type text not null,
  invalidations text not null,
  client_request_id text,
  generation integer not null,
  at integer not null,
  primary key (realm_url, seq)
) without rowid;
