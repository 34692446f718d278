"""Speech to text of recorded calls, in a process of its own."""
