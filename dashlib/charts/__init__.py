"""DataFrame in, Altair chart out; and what tables and numbers of the pages look like."""
