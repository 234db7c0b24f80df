-- What happened in each realm, in order. Seqs are given out per realm, one after another,
-- to changes and to the index's announcements alike, so that one number orders both.
create table change_log (
  realm_url text collate "C" not null,
  seq bigint not null,
  kind text collate "C" not null check (kind in ('module', 'json', 'file')),
  path text collate "C" not null,
  operation text not null check (operation in ('added', 'updated', 'removed')),
  content_hash text,
  client_request_id text,
  at bigint not null,
  primary key (realm_url, seq)
);

-- Where each realm's log stands: the last seq given to anything, the last given to a change,
-- and the seq up to which the log has been pruned.
create table change_log_ends (
  realm_url text collate "C" primary key,
  last_seq bigint not null default 0,
  last_change_seq bigint not null default 0,
  pruned_seq bigint not null default 0
);
