"""Talks in writing, the channels they go by, and the systems that are told of what happens."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from bridge.settings.values import Port

WhatsAppAddress = Literal["recipient", "to"]
Tls = Literal["tls", "starttls", "none"]


class Conversations(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Talks in writing."""

    reopen_hours: Annotated[int, msgspec.Meta(ge=0, le=8760)] = 72
    """How long after a conversation was resolved a message opens it again; a later one begins the next."""
    link_hours: Annotated[int, msgspec.Meta(ge=1, le=720)] = 24
    """How long a link, or a code for the telephone, by which a customer goes on in another channel is worth something."""
    first_response_minutes: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 60
    """How soon a customer who writes is answered, in minutes that the company works (the desk's page "Hours")."""
    next_response_minutes: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 120
    """How soon they are answered later in the conversation. What is overdue is told to the supervisors, and goes first."""
    share_out: bool = True
    """Whether conversations that are nobody's are given to agents at their desks by themselves, as they have room."""


class Shop(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Orders and carts that the shop tells of by itself."""

    abandoned_minutes: Annotated[int, msgspec.Meta(ge=1, le=43200)] = 60
    """How long after its last change a cart counts as abandoned."""
    callback: Annotated[str, msgspec.Meta(pattern="^(https?://[^\\s]+)?$")] = ""
    """Where the shop takes orders that agents add or change; `{inbox}` in it is the key of the shop's inbox. By default it
    takes none."""


class Telegram(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Telegram bots."""

    api: Annotated[str, msgspec.Meta(pattern="^https?://[^\\s]+$")] = "https://api.telegram.org"
    """The Bot API server that answers are sent to: Telegram's, or one that you run yourself."""
    poll: bool = False
    """Ask Telegram for news instead of waiting for its webhooks: for a home that it cannot reach."""


class WhatsApp(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """WhatsApp, by Meta's Cloud API."""

    api: Annotated[str, msgspec.Meta(pattern="^https?://[^\\s]+$")] = "https://graph.facebook.com/v24.0"
    """The Graph API, with its version."""
    address: WhatsAppAddress = "recipient"
    """The field of a message in which somebody who shows no number is named: Meta's own pages have `recipient`, some of its
    partners have seen `to`."""


class Mailbox(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A mailbox that customers write to. Written as `[[mailboxes]]`, once for each; docs/howto/e-mail.md."""

    address: Annotated[str, msgspec.Meta(pattern=r"^[^\s@]+@[^\s@]+$")]
    """Its address, such as `support@example.org`. Its password: `omniline channels add email ADDRESS --token-file FILE`."""
    login: str = ""
    """Its login at both servers; empty means the address."""
    name: str = ""
    """Whom its mail is shown to be from; empty means `company.name`."""
    imap_host: str = ""
    """The IMAP server; empty means that mail is only sent."""
    imap_port: Port = 993
    """Its TCP port."""
    imap_tls: Tls = "tls"
    """`tls` from the beginning, `starttls`, or `none`: only on the same machine."""
    folder: str = "INBOX"
    """The folder that mail arrives in."""
    smtp_host: str = ""
    """The SMTP server; empty means that nothing is sent."""
    smtp_port: Port = 465
    """Its TCP port."""
    smtp_tls: Tls = "tls"
    """As `imap_tls`."""
    plus: bool = False
    """Whether mail to `support+anything@` arrives here as well: then answers come back to their conversation by that."""
    trusted: str = ""
    """The authserv-id by which your own mail server signs its Authentication-Results (RFC 8601); empty: no mail is proven."""


class Chat(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A chat on a site of yours. Written as `[[chats]]`, once for each inbox of the channel `chat`."""

    inbox: str
    """The inbox's key, as in `omniline channels add chat site`."""
    origins: tuple[Annotated[str, msgspec.Meta(pattern="^https?://[^/\\s]+$")], ...] = ()
    """The sites that may show it, such as `https://shop.example`; the desk's own address may always."""
    title: str = ""
    """What stands on top of it; empty means the company's name."""
    colour: Annotated[str, msgspec.Meta(pattern="^#[0-9a-fA-F]{6}$")] = "#0e5c56"
    """The company's colour. Where a text would be too faint with it, it is made darker or lighter."""


class Webhooks(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Outgoing webhooks: the company's own systems that are told of what happens."""

    networks: tuple[str, ...] = ()
    """The networks that they may be in besides the internet, such as `192.168.0.0/16`; `127.0.0.0/8` is this machine."""


class Simulators(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Telegram, WhatsApp and a shop that are not there, for the sample company: `omniline simulate`."""

    run: bool = False
    """Start them with the server, on this machine alone, in place of the real ones."""
