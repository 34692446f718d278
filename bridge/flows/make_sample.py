"""The sample company's customers and their past, imported from bridge/sample by the very flows that import real ones.

The same every time, marked as sample, and nothing new when it is made again. The company itself (settings, agents,
passwords) is `omniline sample`'s.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Final

from bridge.errors import InvalidInput
from bridge.flows.import_customers import import_customers
from bridge.flows.import_history import import_history
from bridge.flows.import_mail import import_mail
from bridge.flows.import_orders import import_orders
from bridge.settings import Settings, desk_url
from bridge.store.engine import batch_writer
from bridge.store.inboxes import resolve_inbox

SUPPORT_ADDRESS: Final = "support@sample.example"
SITE_CHAT: Final = ("chat", "site")
"""Channel and key of the sample's inbox that /chat/site/demo shows."""


def make_sample(home: Path, url: str, settings: Settings) -> None:
    """Make the sample customers in a migrated database, attachments in the home.

    Raises InvalidInput when a row is rejected: the sample is part of the program.
    """
    region = settings.company.region
    attachments = home / "attachments"
    with batch_writer(url) as writer:
        writer.run(resolve_inbox, "email", SUPPORT_ADDRESS, SUPPORT_ADDRESS)
        writer.run(resolve_inbox, *SITE_CHAT, f"{desk_url(settings)}/chat/site/demo")
    with resources.as_file(resources.files("bridge").joinpath("sample")) as folder:
        report = home / "sample.report.jsonl"
        results = (
            import_customers(folder / "customers.csv", url=url, region=region, sample=True, report=report),
            import_orders(folder / "orders.jsonl", url=url, region=region, sample=True, report=report),
            import_history(
                folder / "history.jsonl",
                url=url,
                region=region,
                attachments_folder=attachments,
                sample=True,
                report=report,
            ),
            import_mail(
                folder / "mail.mbox",
                url=url,
                attachments_folder=attachments,
                region=region,
                sample=True,
                report=report,
            ),
        )
    if any(result.rejected for result in results):
        raise InvalidInput("a row of the sample data is wrong", where=str(report))
