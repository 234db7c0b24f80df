-- Whether what was made of the file is to be made again although the file is the same.
alter table change_log add column is_forced boolean not null default false;
