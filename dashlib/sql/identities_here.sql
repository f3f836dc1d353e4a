-- One row per repository and identity that is somebody else there than in identities, because the repository's own .mailmap
-- says so of an address that many use, or repositories differ. Few or none.
select * from bookkeeping.identities_here
