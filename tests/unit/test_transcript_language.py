"""In which language a recording is read."""

import pytest

from bridge.domain.times import utc_now
from bridge.flows.transcribe_recording import language_of
from bridge.settings import Did, Settings
from bridge.store.transcripts import RecordingToTranscribe
from tests.fakes.scripted_call import DID

OTHER = "+380501110002"


@pytest.mark.parametrize(
    ("customers", "dialled", "expected"),
    [("ru", DID, "ru"), (None, DID, "uk"), ("fr", DID, "uk"), (None, OTHER, "en"), (None, "", "en")],
)
def test_the_language_is_the_customers_else_the_numbers_else_the_companys(
    customers: str | None, dialled: str, expected: str
) -> None:
    settings = Settings(dids=(Did(number=DID, queue="sales", language="uk"),))  # type: ignore[arg-type]
    assert settings.company.language == "en"
    recording = RecordingToTranscribe("", "", "call", "", utc_now(), "inbound", dialled, customers)
    assert language_of(recording, settings) == expected
