"""The only package that builds adapters and puts them together: a file for each part, and `server`, which chooses."""
