-- A run that is made in more than one sitting. It owes the index the changes after `after_seq`
-- up to `seq`; `marks` are the ends of every realm's log when it began; `requests` says whose
-- writes it answers.
create table index_runs (
  realm_url text collate "C" primary key,
  is_full integer not null,
  postpones integer not null,
  after_seq bigint not null,
  seq bigint not null,
  marks text not null,
  requests text not null,
  begun_at bigint not null
);

-- Its work, one row a file: owed while `outcome` is null, then what the visit left, until the
-- commit. `marks` and `generation` say what the visit could have seen; `dependencies` are names.
-- A visit that began before the file was owed once more is refused by `times_owed`.
create table index_work (
  realm_url text collate "C" not null,
  url text collate "C" not null,
  marks text,
  generation bigint,
  dependencies text,
  removes integer not null default 0,
  is_postponed integer not null default 0,
  times_owed integer not null default 1,
  outcome text,
  primary key (realm_url, url)
);
