"""Every dialplan variable and UserEvent that Omniline sets or reads, named once.

A leading underscore in the dialplan marks inheritance and is not part of the name here.
"""

from typing import Final

# Set by the identify_caller handler in one MSet.
IDENTIFIED: Final = "OMNI_IDENTIFIED"
"""'1' when our handler answered. The dialplan checks this, never AGISTATUS, which says SUCCESS when the peer closed early."""
CUSTOMER: Final = "OMNI_CUSTOMER"
"""Customer id, empty when nobody is known. Inherited by the agents' legs."""
QUEUE: Final = "OMNI_QUEUE"
"""The queue that a caller was last sent to. Set by the dialplan."""
LANGUAGE: Final = "CHANNEL(language)"
DISPLAY_NAME: Final = "CALLERID(name)"
PRIORITY: Final = "QUEUE_PRIO"
SELF_TEST: Final = "OMNI_SELF_TEST"
"""'1' when the directory answered in time. Set by the self_test handler on no real channel."""

# UserEvents that the dialplan emits; their headers follow the colon.
EVENT_IDENTIFIED: Final = "OmniIdentified"
"""After the AGI handler. Customer: id or empty."""
EVENT_INVITE: Final = "OmniInvite"
"""In the pre-dial handler of an agent's leg, so on that leg's channel. No headers of its own."""
EVENT_RECORDING: Final = "OmniRecording"
"""On the leg of the agent who answered. Name: the recording, see `RecordingStarted`."""
EVENT_VOICEMAIL: Final = "OmniVoicemail"
"""On the caller's leg after a message was kept. Box, Name."""

OWN_CHANNEL_PREFIX: Final = "omni-"
"""ChannelId prefix of legs that we make to listen or record; they open no Call."""
TEST_CALL_CONTEXT: Final = "test-calls"
"""The context that an admin's test call runs in, see `CallControl.ring_for_test`."""
AGENT_ENDPOINT_PREFIX: Final = "agent-"
TRUNK_ENDPOINT_PREFIX: Final = "trunk-"
