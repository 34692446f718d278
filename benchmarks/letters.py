"""The mails of mail_flood: as a company gets them, from customers and strangers, plain and HTML, some with a file."""

from __future__ import annotations

import random
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from benchmarks.dataset import Dataset, vocabulary
from bridge.domain.times import utc_now

WORDS_EACH = 120
HTML_EACH, STRANGER_EACH, FILE_EACH = 2, 5, 20
"""One of so many mails is HTML with its text beside it, is a stranger's, brings a file."""
FILE_BYTES = 20_000


def letters(data: Dataset, prefix: str, count: int, to: str) -> Iterator[bytes]:
    """`count` mails, all different; each begins a thread."""
    chance, words = random.Random(prefix), vocabulary()
    for number in range(count):
        known = chance.randrange(data.customers)
        stranger = number % STRANGER_EACH == 0
        sender = f"{prefix}.{number}@new.example" if stranger else data.mail(known)
        mail = EmailMessage(policy=SMTP)
        mail["From"] = f"{data.name(known)} <{sender}>"
        mail["To"] = to
        mail["Subject"] = " ".join(chance.choices(words, k=4))
        mail["Date"] = format_datetime(utc_now())
        mail["Message-ID"] = f"<{prefix}-{number}@mail.example>"
        lines = [" ".join(chance.choices(words, k=10)) for _ in range(WORDS_EACH // 10)]
        mail.set_content("\n".join(lines))
        if number % HTML_EACH == 0:
            rows = "".join(f'<tr><td style="font: 14px sans-serif">{line}</td></tr>' for line in lines)
            mail.add_alternative(f"<html><body><table>{rows}</table></body></html>", subtype="html")
        if number % FILE_EACH == 0:
            mail.add_attachment(
                chance.randbytes(FILE_BYTES), maintype="application", subtype="octet-stream", filename="a.bin"
            )
        yield mail.as_bytes()
