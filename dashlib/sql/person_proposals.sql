-- One row per pair of persons who are likely one, with the evidence in words, how sure (0 to 1), and said_by, the
-- .mailmap that says so, if one does. Worked out anew when identities move; what somebody confirmed or rejected is not in
-- it.
select * from bookkeeping.person_proposals
