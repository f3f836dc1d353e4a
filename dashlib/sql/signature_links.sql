-- One row per signature: the issue its failures belong to, and the person who has it; null where nobody said so.
select
    signature,
    cast(null as bigint) as issue_project_id, cast(null as bigint) as issue_iid, cast(null as varchar) as issue_title,
    cast(null as varchar) as issue_state, cast(null as varchar) as issue_url, cast(null as varchar) as assignee
from signatures
