"""FastAGI: Asterisk asks, on a socket, who is calling, and the dialplan waits for the answer.

- `session.py` one conversation, and pyst2
- `server.py` sockets, deadlines and limits
- `lookup.py` the directory, asked in threads and for 250 ms at most
- `handlers/` what is answered, one file each
- `process.py` and `child.py` the process that runs it, from inside and from its parent
- `probe.py` the other side, for readiness
"""
