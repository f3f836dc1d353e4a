-- One row per mailmap that is known: of a repository's default branch (origin project; commit_id is the tip it was read at,
-- text null where there was none), or read by the command mailmap (origin file, project_id 0, name says which file).
select * from bookkeeping.mailmaps
