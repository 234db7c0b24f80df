-- What each file looked like when it was last seen, so that a scan reads only what differs.
create table realm_file_meta (
  realm_url text collate "C" not null,
  file_path text collate "C" not null,
  created_at bigint not null,
  content_hash text not null,
  content_size bigint not null,
  mtime_ns bigint not null,
  inode bigint not null,
  seen_ns bigint not null,
  primary key (realm_url, file_path)
);

-- Batches that are being put in place: what to undo if the process dies before the commit.
create table write_journal (
  realm_url text collate "C" not null,
  id text collate "C" not null,
  steps text not null,
  primary key (realm_url, id)
);
