"""Which nights every schedule should have run: cron lines to expected times, kept in the database for every client."""
