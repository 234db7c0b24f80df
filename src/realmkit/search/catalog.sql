-- name: shelves
-- The shelves that have entries on them.
select shelf_id, realm_url, type, types, health, size from shelves
where size > 0 order by shelf_id;

-- name: path_ids [sqlite]
-- The numbers of the paths in the JSON array $1.
select path, path_id from search_paths where path in (select value from json_each($1));

-- name: path_ids [postgres]
-- The numbers of the paths in the JSON array $1.
select path, path_id from search_paths where path in (select jsonb_array_elements_text($1));
