-- One row per identity: a name and an e-mail address exactly as commits have them (author, committer, co-author), or as a
-- .mailmap calls them; either may be null. person is the persons.id, because says why the identity belongs there.
select * from bookkeeping.identities
