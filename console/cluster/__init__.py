"""What is: the immutable picture of a cluster, and what can be said about it without touching it."""
