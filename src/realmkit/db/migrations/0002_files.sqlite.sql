-- What each file looked like when it was last seen, so that a scan reads only what differs.
create table realm_file_meta (
  realm_url text not null,
  file_path text not null,
  created_at integer not null,
  content_hash text not null,
  content_size integer not null,
  mtime_ns integer not null,
  inode integer not null,
  seen_ns integer not null,
  primary key (realm_url, file_path)
) without rowid;

-- Batches that are being put in place: what to undo if the process dies before the commit.
create table write_journal (
  realm_url text not null,
  id text not null,
  steps text not null,
  primary key (realm_url, id)
) without rowid;
