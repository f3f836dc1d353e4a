-- One row per person who wrote a commit: when the first one ever stored was committed (UTC), and the team's day of that.
select author as person, min(committed_at) as at, min(day) as day from commit_people group by author
