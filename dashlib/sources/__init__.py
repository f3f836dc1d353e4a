"""One file (or folder) per source: their JSON to our rows, and the tables that all sources share."""
