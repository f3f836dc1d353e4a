"""What the graph of commits tells: which commits are on the default branch, and which push brought which commit."""
