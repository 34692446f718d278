import "./panel.css";
import { useId } from "preact/hooks";
import type { ComponentChildren } from "preact";

interface PanelProps {
  title: string;
  /** Stands at the right of the title: a count, a filter, a button. */
  aside?: ComponentChildren;
  tone?: "plain" | "note";
  children: ComponentChildren;
}

/** A titled part of a page; a region for a screen reader. */
export function Panel({ title, aside, tone = "plain", children }: PanelProps) {
  const id = useId();
  return (
    <section class={`panel panel-${tone}`} aria-labelledby={id}>
      <header class="panel-head">
        <h2 class="panel-title" id={id}>
          {title}
        </h2>
        {aside}
      </header>
      {children}
    </section>
  );
}

/** Facts as name and value; a fact without a value is left out. */
export function KeyValue({ facts }: { facts: readonly (readonly [string, ComponentChildren])[] }) {
  return (
    <dl class="facts">
      {facts
        .filter(([, value]) => value !== null && value !== undefined && value !== "")
        .map(([name, value]) => (
          <div key={name} class="fact">
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

/** Says that there is nothing, and what will make something appear. */
export function EmptyState({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children && <p class="empty-text">{children}</p>}
    </div>
  );
}
