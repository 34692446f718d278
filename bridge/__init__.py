"""The upper half: customers, conversations, the timeline, the desk, and the composition root."""
