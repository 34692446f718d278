// What goes over the wire: docs/howto/site-chat.md, and bridge/channels/chat/bodies.py on the other side.
export interface Context {
  page_url?: string;
  page_title?: string;
  cart?: string;
  order?: string;
  language?: string;
}

export interface File {
  id: string;
  name: string;
  media_type: string;
  size: number;
}

/** A file that is with the server, and not yet with a message. */
export interface KeptFile {
  token: string;
  name: string;
  media_type: string;
  size: number;
}

export interface Line {
  id: string;
  /** The browser's own key where the visitor wrote it, else "". */
  key: string;
  author: string;
  text: string;
  at: string;
  files: File[];
}

export interface Opened {
  token: string;
  title: string;
  colour: string;
  there: boolean;
  sign_in: boolean;
  account: boolean;
  email: string;
  lines: Line[];
  earlier: boolean;
  cursor: string;
}

/** What a continue-link is worth. */
export type Fate = "goes_on" | "again" | "used" | "expired" | "unknown";

export interface Update {
  lines?: Line[];
  cursor: string;
  there: boolean;
  typing?: string;
}

/** An answer that says no. `status` 0: there was no answer. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly retryAfter: number,
  ) {
    super(`status ${status}`);
  }

  /** Whether the same request may be taken later. */
  get isPassing(): boolean {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

export class Wire {
  constructor(
    private readonly base: string,
    private readonly inbox: string,
  ) {}

  private async ask(path: string, token: string, asked: RequestInit): Promise<Response> {
    const headers = { ...asked.headers, ...(token && { Authorization: `Bearer ${token}` }) };
    let response: Response;
    try {
      const where = `${this.base}/chat/${this.inbox}/${path}`;
      response = await fetch(where, { ...asked, headers, credentials: "omit" });
    } catch {
      throw new Refused(0, 0);
    }
    if (response.ok) return response;
    throw new Refused(response.status, Number(response.headers.get("Retry-After")) || 0);
  }

  /** POST /chat/{inbox}/{name}; null where the answer is empty. Throws Refused. */
  async post<Answer>(name: string, body: object, token = "", signal?: AbortSignal): Promise<Answer | null> {
    const headers = { "Content-Type": "application/json" };
    const asked = { method: "POST", headers, body: JSON.stringify(body), ...(signal && { signal }) };
    const response = await this.ask(name, token, asked);
    return response.status === 204 ? null : ((await response.json()) as Answer);
  }

  /** What the message names the file by. Throws Refused. */
  async keep(file: Blob, name: string, token: string): Promise<KeptFile> {
    const response = await this.ask("files", token, {
      method: "POST",
      headers: { "Content-Type": "application/octet-stream", "X-File-Name": encodeURIComponent(name) },
      body: file,
    });
    return (await response.json()) as KeptFile;
  }

  /** Throws Refused. */
  async file(id: string, token: string): Promise<Blob> {
    return (await this.ask(`files/${id}`, token, {})).blob();
  }

  /** Throws where the page may not open one. */
  socket(): WebSocket {
    return new WebSocket(`${this.base.replace(/^http/, "ws")}/chat/${this.inbox}/socket`);
  }
}
