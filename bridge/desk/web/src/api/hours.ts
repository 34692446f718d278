// When the company works, and which conversations each agent takes.

/** From `opens` to `closes` on the wall clock, HH:MM; 24:00 is the end of the day. */
export interface Span {
  opens: string;
  closes: string;
}

export interface Holiday {
  day: string;
  name: string;
  hours: Span[];
}

/** When the company works; `weekly` from Monday on. */
export interface Calendar {
  zone: string;
  weekly: Span[][];
  holidays: Holiday[];
}

/** What an inbox says while nobody works, and the skill that it asks for. */
export interface InboxRule {
  inbox_id: string;
  channel: string;
  key: string;
  away: boolean;
  away_texts: Record<string, string>;
  skill: string | null;
}

/** How many conversations at a time an agent takes, and which. */
export interface Duty {
  agent_id: string;
  name: string;
  capacity: number;
  skills: string[];
  languages: string[];
}
