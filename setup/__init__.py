"""From a fresh clone to a running product: what `make` calls. Stdlib only, run by the system's python3.

Each step says what it does, and is passed over at once while what it was made from is unchanged (`stamp`).

    python.py    .venv/ from a lock with hashes; pip itself where the machine has none
    asterisk.py  Asterisk and the test phone in a prefix of this user, unless the machine has them
    desk.py      the web desk, built with the machine's node or the one that comes as a Python wheel
    system.py    Debian packages that only the tests need (debian-packages.txt)
    suite.py     make test: all tests, one summary
    checks.py    make check
"""
