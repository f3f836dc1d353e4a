-- One row per commit, repository and co-author (person), with what commit_people says of the commit.
-- Someone who is the author too is no co-author; one named twice is one.
select p.*, c.person
from commit_people p
join commits_by_author c on c.project_id = p.project_id and c.commit_id = p.commit_id and c.role = 'co_author'
