"""Pure nouns, one per file: what is said of customers, calls, orders and entries, with no database and no network."""
