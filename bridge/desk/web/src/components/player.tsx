import "./player.css";
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { duration } from "../i18n/format.ts";
import { t } from "../i18n/index.ts";
import { IconButton } from "./button.tsx";
import { Icon } from "./icon.tsx";
import { Filter } from "./tabs.tsx";

type Side = "caller" | "agent";
const SPEEDS = [1, 1.5, 2] as const;

/** Sends one side of a stereo recording, or both, to both ears (caller left, agent right). */
class Sides {
  private readonly context = new AudioContext();
  private readonly gains: readonly [GainNode, GainNode];

  constructor(audio: HTMLAudioElement) {
    const splitter = this.context.createChannelSplitter(2);
    this.context.createMediaElementSource(audio).connect(splitter);
    const gain = (channel: number) => {
      const node = this.context.createGain();
      splitter.connect(node, channel);
      node.connect(this.context.destination);
      return node;
    };
    this.gains = [gain(0), gain(1)];
  }

  listenTo(side: Side | null): void {
    this.gains[0].gain.value = side === "agent" ? 0 : 1;
    this.gains[1].gain.value = side === "caller" ? 0 : 1;
  }

  async resume(): Promise<void> {
    await this.context.resume();
  }

  close(): void {
    void this.context.close();
  }
}

function SideFilter({ value, onChoose }: { value: Side | null; onChoose: (side: Side | null) => void }) {
  return (
    <Filter<Side>
      label={t("player.sides")}
      value={value}
      onChoose={onChoose}
      options={[
        { value: null, label: t("player.both") },
        { value: "caller", label: t("player.caller") },
        { value: "agent", label: t("player.agent") },
      ]}
    />
  );
}

interface AudioPlayerProps {
  src: string;
  label: string;
  durationMs: number | null;
  /** Two sides that can be heard apart; a voicemail has one. */
  isStereo: boolean;
  /** What is shown under it and follows its sound. */
  children?: ((audio: { current: HTMLAudioElement | null }) => ComponentChildren) | undefined;
}

function useSides(audio: { current: HTMLAudioElement | null }, side: Side | null) {
  const sides = useRef<Sides | null>(null);
  useEffect(() => () => sides.current?.close(), []);
  useEffect(() => sides.current?.listenTo(side), [side]);
  // A page may only make sound after a gesture, so the graph is made at the first play.
  return async () => {
    sides.current ??= new Sides(audio.current!);
    sides.current.listenTo(side);
    await sides.current.resume();
  };
}

/** Plays a recording: seek, speed, and each side alone. */
export function AudioPlayer({ src, label, durationMs, isStereo, children }: AudioPlayerProps) {
  const audio = useRef<HTMLAudioElement>(null);
  const [isPlaying, setPlaying] = useState(false);
  const [isBroken, setBroken] = useState(false);
  const [at, setAt] = useState(0);
  const [total, setTotal] = useState((durationMs ?? 0) / 1000);
  const [side, setSide] = useState<Side | null>(null);
  const [speed, setSpeed] = useState<number>(1);
  const prepare = useSides(audio, side);
  const toggle = async () => {
    if (!audio.current) return;
    if (isPlaying) return audio.current.pause();
    if (isStereo) await prepare();
    await audio.current.play().catch(() => setBroken(true));
  };
  const chooseSpeed = () => {
    const next = SPEEDS[(SPEEDS.indexOf(speed as 1) + 1) % SPEEDS.length]!;
    setSpeed(next);
    if (audio.current) audio.current.playbackRate = next;
  };
  const seek = (seconds: number) => {
    setAt(seconds);
    if (audio.current) audio.current.currentTime = seconds;
  };
  return (
    <div class="player" role="group" aria-label={label}>
      <audio
        ref={audio}
        src={src}
        preload="metadata"
        onPlay={() => setPlaying(true)}
        onPause={() => setPlaying(false)}
        onError={() => setBroken(true)}
        onTimeUpdate={(event) => setAt(event.currentTarget.currentTime)}
        onDurationChange={(event) =>
          Number.isFinite(event.currentTarget.duration) && setTotal(event.currentTarget.duration)
        }
      />
      <IconButton
        icon={isPlaying ? "pause" : "play"}
        label={isPlaying ? t("player.pause") : t("player.play")}
        onClick={() => void toggle()}
      />
      <input
        class="player-seek"
        type="range"
        min={0}
        max={Math.max(total, 0.1)}
        step={0.1}
        value={at}
        aria-label={t("player.position")}
        aria-valuetext={`${duration(at * 1000)} / ${duration(total * 1000)}`}
        onInput={(event) => seek(Number(event.currentTarget.value))}
      />
      <span class="number player-time">
        {duration(at * 1000)} / {duration(total * 1000)}
      </span>
      <button
        type="button"
        class="player-speed number"
        onClick={chooseSpeed}
        aria-label={t("player.speed", { speed })}
      >
        {speed}×
      </button>
      {isStereo && <SideFilter value={side} onChoose={setSide} />}
      {isBroken && (
        <p class="player-broken" role="alert">
          <Icon name="warning" size={15} /> {t("player.broken")}
        </p>
      )}
      {children && <div class="player-words">{children(audio)}</div>}
    </div>
  );
}
