"""A dashboard for teams with many GitLab repositories: loaders, a DuckDB file, views, queries and charts."""
