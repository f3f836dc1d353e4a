"""Questions to the views: a connection and Filters in, a DataFrame out that carries its SQL."""
