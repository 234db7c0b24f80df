-- name: history_table
-- Where it is remembered which migrations have run.
create table if not exists schema_migrations (
  version integer primary key,
  name text not null,
  checksum text not null,
  applied_at bigint not null
);

-- name: take_turn [postgres]
-- Waits until no other process migrates; the turn ends with the transaction.
select pg_advisory_xact_lock($1);

-- name: without_notices [postgres]
-- A table that is there already is not worth a word to the client, until the transaction ends.
set local client_min_messages = warning;

-- name: history
-- The migrations that have run, with the checksums of what ran.
select version, checksum from schema_migrations;

-- name: remember
-- Remembers that a migration has run.
insert into schema_migrations values ($1, $2, $3, $4);
