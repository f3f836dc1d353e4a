-- Which nightlies should have run and did not, and why?
select night, path_with_namespace as repository, schedule_description as nightly, state, cause, expected_at
from nightly_slots
where state in ('missing', 'late')
order by night desc, repository
