-- One row per repository and branch that was merged: a webhook told of its merge request, or a merge commit names it.
-- GitLab's merge commits are titled "Merge branch 'topic' into 'main'" (its default template; a merge request that squashes
-- has one as well, unless it is merged fast-forward), GitHub's "Merge pull request #7 from owner/topic". A title that
-- somebody rewrote names nothing. A branch name that is used again counts as merged from its first merge on.
select project_id, source_branch as branch from merge_requests where state = 'merged' and source_branch is not null
union
select project_id, coalesce(
    nullif(regexp_extract(title, '^Merge branch ''(.+)'' into ', 1), ''),
    regexp_extract(title, '^Merge pull request #\d+ from [^/\s]+/(\S+)', 1)
) as branch
from commits
where len(parent_ids) > 1 and regexp_matches(title, '^Merge (branch ''.+'' into |pull request #\d+ from [^/\s]+/\S)')
