import "./transcript.css";
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { Utterance, Word } from "../api/call.ts";
import { duration } from "../i18n/format.ts";
import { t, word } from "../i18n/index.ts";
import { spokenAt, wordsOf, type SpokenWord } from "../state/transcript.ts";

interface AudioRef {
  current: HTMLAudioElement | null;
}

const DOUBTFUL = 0.5;
const SHOWN_AT_FIRST = 4;

function Turn({ utterance, children }: { utterance: Utterance; children: ComponentChildren }) {
  return (
    <li class="transcript-turn" data-speaker={utterance.speaker}>
      <span class="transcript-speaker">{word("speaker", utterance.speaker)}</span>
      <p class="transcript-words">{children}</p>
    </li>
  );
}

/** Marks the words that are spoken, frame by frame while it plays: without drawing the list anew, which may be long. */
function follow(audio: HTMLAudioElement, list: HTMLElement, words: readonly SpokenWord[]): () => void {
  const shown = list.querySelectorAll(".transcript-word");
  let lit: number[] = [];
  let frame = 0;
  const mark = () => {
    cancelAnimationFrame(frame);
    lit.forEach((index) => shown[index]?.removeAttribute("aria-current"));
    lit = audio.currentTime > 0 ? spokenAt(words, audio.currentTime * 1000) : [];
    lit.forEach((index) => shown[index]?.setAttribute("aria-current", "true"));
    if (!audio.paused) frame = requestAnimationFrame(mark);
  };
  const events = ["play", "pause", "seeked", "timeupdate"] as const;
  events.forEach((event) => audio.addEventListener(event, mark));
  return () => {
    cancelAnimationFrame(frame);
    events.forEach((event) => audio.removeEventListener(event, mark));
  };
}

function Words({ words }: { words: readonly Word[] }) {
  return words.map((each, index) => (
    <>
      {index > 0 && " "}
      <span
        class={`transcript-word${each.confidence < DOUBTFUL ? " is-doubtful" : ""}`}
        data-start={each.start_ms}
      >
        {each.text}
      </span>
    </>
  ));
}

/** What both sides said, in the order of time; the word that `audio` is at is lit, a click on one goes there. */
export function Transcript({ utterances, audio }: { utterances: readonly Utterance[]; audio: AudioRef }) {
  const list = useRef<HTMLOListElement>(null);
  const words = useMemo(() => wordsOf(utterances), [utterances]);
  useEffect(() => follow(audio.current!, list.current!, words), [words]);
  const seek = (ms: number) => {
    if (audio.current) audio.current.currentTime = ms / 1000;
  };
  if (utterances.length === 0) return <p class="quiet">{t("transcript.silent")}</p>;
  return (
    <ol
      class="transcript"
      ref={list}
      onClick={({ target }) => {
        const start = target instanceof HTMLElement && target.dataset.start;
        if (start) seek(Number(start));
      }}
    >
      {utterances.map((each, index) => (
        <Turn key={index} utterance={each}>
          <button
            type="button"
            class="transcript-time number"
            onClick={() => seek(each.start_ms)}
            aria-label={t("transcript.from", { time: duration(each.start_ms) })}
          >
            {duration(each.start_ms)}
          </button>
          <Words words={each.words} />
        </Turn>
      ))}
    </ol>
  );
}

function Turns({ utterances }: { utterances: readonly Utterance[] }) {
  return (
    <ol class="transcript">
      {utterances.map((each, index) => (
        <Turn key={index} utterance={each}>
          {each.text}
        </Turn>
      ))}
    </ol>
  );
}

/** A transcript without its sound, for the timeline: the beginning, and the rest when it is asked for. */
export function TranscriptText({ utterances }: { utterances: readonly Utterance[] }) {
  if (utterances.length === 0) return <p class="quiet">{t("transcript.silent")}</p>;
  return (
    <>
      <Turns utterances={utterances.slice(0, SHOWN_AT_FIRST)} />
      {utterances.length > SHOWN_AT_FIRST && (
        <details class="transcript-rest">
          <summary>{t("transcript.rest")}</summary>
          <Turns utterances={utterances.slice(SHOWN_AT_FIRST)} />
        </details>
      )}
    </>
  );
}
