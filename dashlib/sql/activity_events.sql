-- One row per event of an events API, in plain words: who did what to what, where, with a link.
-- action: pushed (new branches and tags too), deleted, opened, reopened, updated, closed, merged, commented, approved,
-- joined, left, expired, created, imported, destroyed, added, removed; any other word stays as the forge says it.
-- GitLab answers "opened" for reopened and updated things too: which it was is known from the question (asked_action).
-- target: branch, tag, merge request, issue, comment, milestone, wiki page, design, project, snippet, work item; else the forge's.
-- A push is one event whatever it held; commit_count says how many commits (0 for pushes of many branches at once).
-- is_new_ref: the push made its branch or tag. number is the iid of the issue, merge request or milestone; a comment's are
-- those of what it is on (on_what). Whatever a webhook told is here too, until the events API tells it (GitLab); GitHub and
-- CodeArts tell of pushes only. web_url leads to the thing itself where its forge has a page for it, else to project_url.
with worded as (
    select e.*,
        case
            when e.action_name in ('pushed to', 'pushed new', 'pushed') then 'pushed'
            when e.action_name = 'opened' and e.target_type is null and e.ref is not null then 'pushed'
            when e.action_name = 'opened' then coalesce(nullif(e.asked_action, 'created'), 'opened')
            when e.action_name in ('accepted', 'merged') then 'merged'
            when e.action_name = 'commented on' then 'commented'
            when e.action_name = 'removed due to membership expiration from' then 'expired'
            else coalesce(e.action_name, 'unknown')
        end as action,
        case
            when e.target_type in ('Note', 'DiffNote', 'DiscussionNote') then 'comment'
            when e.target_type = 'MergeRequest' then 'merge request'
            when e.target_type = 'WikiPage::Meta' then 'wiki page'
            when e.target_type = 'DesignManagement::Design' then 'design'
            when e.target_type = 'WorkItem' then 'work item'
            when e.target_type is not null then lower(e.target_type)
            when e.ref is not null or e.ref_type is not null then coalesce(e.ref_type, 'branch')
            else 'project'
        end as target
    from events e
)
select
    w.source, w.id, w.project_id,
    coalesce(p.path_with_namespace, 'project ' || w.project_id) as path_with_namespace, p.namespace,
    w.created_at, w.action, w.target,
    coalesce(w.target_title, w.commit_title, w.ref, w.wiki_slug) as title,
    case w.noteable_type when 'MergeRequest' then 'merge request' else lower(w.noteable_type) end as on_what,
    if(w.target = 'comment', w.noteable_iid, w.target_iid) as number,
    w.action = 'pushed' and coalesce(w.push_action = 'created' or w.action_name = 'pushed new', false) as is_new_ref,
    web_link(p.web_url) as project_url,
    w.ref, w.commit_count, w.ref_count, w.author_username,
    coalesce(a.person, w.source || ':' || coalesce(w.author_id::varchar, w.author_username, '?')) as person,
    coalesce(n.name, w.author_name, w.author_username, '(unknown)') as person_name,
    coalesce(n.label, w.author_name, w.author_username, '(unknown)') as person_label,
    coalesce(a.is_bot, bot_word(w.author_username) or bot_word(w.author_name)) as is_bot,
    case
        when web_link(p.web_url) is null then null
        when w.source = 'github' and w.action = 'pushed' and w.commit_count > 1 and w.commit_from is not null
            and w.commit_to is not null
            then p.web_url || '/compare/' || w.commit_from || '...' || w.commit_to
        when w.source = 'github' and w.action = 'pushed' and w.commit_to is not null
            then p.web_url || '/commit/' || w.commit_to
        when w.source <> 'gitlab' then p.web_url
        when w.action = 'pushed' and w.commit_count > 1 and w.commit_from is not null and w.commit_to is not null
            then p.web_url || '/-/compare/' || w.commit_from || '...' || w.commit_to
        when w.action = 'pushed' and w.commit_to is not null then p.web_url || '/-/commit/' || w.commit_to
        when w.target = 'comment' and w.noteable_iid is not null and w.noteable_type in ('Issue', 'MergeRequest')
            then p.web_url || if(w.noteable_type = 'Issue', '/-/issues/', '/-/merge_requests/') || w.noteable_iid
                || coalesce('#note_' || w.note_id, '')
        when w.target in ('issue', 'work item') and w.target_iid is not null
            then p.web_url || '/-/issues/' || w.target_iid
        when w.target = 'merge request' and w.target_iid is not null
            then p.web_url || '/-/merge_requests/' || w.target_iid
        when w.target = 'milestone' and w.target_iid is not null then p.web_url || '/-/milestones/' || w.target_iid
        when w.target = 'wiki page' and w.wiki_slug is not null then p.web_url || '/-/wikis/' || url_encode(w.wiki_slug)
        else p.web_url
    end as web_url
from worded w
left join projects p on p.id = w.project_id
left join accounts a on a.source = w.source and a.id = w.author_id
left join persons n on n.id = a.person
