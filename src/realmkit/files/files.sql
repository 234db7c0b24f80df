-- name: meta
-- What is remembered of one file.
select created_at, content_hash, content_size, mtime_ns, inode, seen_ns
from realm_file_meta where realm_url = $1 and file_path = $2;

-- name: metas [sqlite]
-- What is remembered of the files in the JSON array $2 of paths.
select file_path, created_at, content_hash, content_size, mtime_ns, inode, seen_ns
from realm_file_meta
where realm_url = $1 and file_path in (select value from json_each($2));

-- name: metas [postgres]
-- What is remembered of the files in the JSON array $2 of paths.
select file_path, created_at, content_hash, content_size, mtime_ns, inode, seen_ns
from realm_file_meta
where realm_url = $1 and file_path in (select jsonb_array_elements_text($2));

-- name: every_meta
-- What is remembered of every file of a realm.
select file_path, created_at, content_hash, content_size, mtime_ns, inode, seen_ns
from realm_file_meta where realm_url = $1;

-- name: paths_below
-- The remembered paths between two bounds: everything below a folder.
select file_path from realm_file_meta
where realm_url = $1 and file_path >= $2 and file_path < $3;

-- name: put_meta
-- Remembers a file; when it was created stays what it was.
insert into realm_file_meta
  (realm_url, file_path, created_at, content_hash, content_size, mtime_ns, inode, seen_ns)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict (realm_url, file_path) do update set
  content_hash = excluded.content_hash, content_size = excluded.content_size,
  mtime_ns = excluded.mtime_ns, inode = excluded.inode, seen_ns = excluded.seen_ns;

-- name: drop_meta
-- Forgets a file.
delete from realm_file_meta where realm_url = $1 and file_path = $2;

-- name: open_journal
-- Remembers how to undo a batch that is about to be put in place.
insert into write_journal (realm_url, id, steps) values ($1, $2, $3);

-- name: close_journal
-- Forgets how to undo a batch: it is committed, or undone.
delete from write_journal where realm_url = $1 and id = $2;

-- name: journals
-- The batches of a realm that were never finished.
select id, steps from write_journal where realm_url = $1;
