-- One row per signature that somebody judged to be the same as others (signature_merges): head is the one of them that
-- was seen first, whose name they all go by.
with recursive pairs as (
    select signature as one, other as two from signature_merges where verdict = 'same'
    union
    select other, signature from signature_merges where verdict = 'same'
), reach as (
    select one, two from pairs
    union
    select r.one, p.two from reach r join pairs p on p.one = r.two
), members as (
    select one as signature, two as member from reach union select one, one from pairs
)
select m.signature,
       arg_min(m.member, (coalesce(s.first_seen_at, timestamp '9999-01-01'), m.member)) as head
from members m
left join signatures s on s.signature = m.member
group by m.signature
