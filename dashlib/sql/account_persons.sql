-- One row per account of a forge, with the person (persons.id) it belongs to, whether it is a robot's, and why.
select * from bookkeeping.account_persons
