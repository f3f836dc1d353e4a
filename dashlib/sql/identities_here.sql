-- One row per repository and identity that a mailmap speaks of there (the repository's own .mailmap, or the file that was
-- read): the name and address that git shows in its place, the person whose address that is, and the line. In other
-- repositories the identity may be somebody else: see identities.
select * from bookkeeping.identities_here
