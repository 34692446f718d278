import { recordingAddress } from "../api/client.ts";
import type { CallRecording } from "../api/call.ts";
import { t, word } from "../i18n/index.ts";
import { AudioPlayer } from "./player.tsx";
import { Transcript } from "./transcript.tsx";

/** The words under a recording, or why there are none; nothing where nobody asked for them. */
function wordsUnder({ transcript }: CallRecording) {
  if (!transcript) return undefined;
  return (audio: { current: HTMLAudioElement | null }) => {
    if (transcript.state === "ready") return <Transcript utterances={transcript.utterances} audio={audio} />;
    const text = transcript.reason ? word("transcript_failure", transcript.reason) : t("transcript.waiting");
    return <p class="quiet">{text}</p>;
  };
}

/** A recording to listen to, with its words; or why it cannot be heard. */
export function Recording({ recording }: { recording: CallRecording }) {
  const name = word("recording_kind", recording.kind);
  if (recording.state !== "ready")
    return (
      <p class="quiet">
        {name}: {word("recording_state", recording.state)}
      </p>
    );
  return (
    <AudioPlayer
      src={recordingAddress(recording.id)}
      label={name}
      durationMs={recording.duration_ms}
      isStereo={recording.kind !== "voicemail"}
    >
      {wordsUnder(recording)}
    </AudioPlayer>
  );
}
