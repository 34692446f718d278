import "./field.css";
import { useId } from "preact/hooks";
import type { ComponentChildren, PartialInputHTMLAttributes, TextareaHTMLAttributes } from "preact";

interface Labelled {
  label: string;
  hint?: string | undefined;
  error?: string | undefined;
}

type FieldProps = Labelled & { isPassword?: boolean } & Pick<
    PartialInputHTMLAttributes<HTMLInputElement>,
    "name" | "autocomplete" | "autocapitalize" | "required" | "disabled" | "value" | "maxLength" | "onInput"
  >;
type TextAreaProps = Labelled & Omit<TextareaHTMLAttributes<HTMLTextAreaElement>, "class" | "id" | "label">;

function Frame({ id, label, hint, error, children }: Labelled & { id: string; children: ComponentChildren }) {
  return (
    <div class="field">
      <label class="field-label" for={id}>
        {label}
      </label>
      {children}
      {hint && !error && (
        <p class="field-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {error && (
        <p class="field-error" id={`${id}-hint`} role="alert">
          {error}
        </p>
      )}
    </div>
  );
}

const described = (id: string, { hint, error }: Labelled) => ({
  id,
  "aria-describedby": hint || error ? `${id}-hint` : undefined,
  "aria-invalid": Boolean(error),
});

/** Letters that the server takes of a note. */
export const LONGEST_NOTE = 20_000;

/** A labelled line of text; an error replaces the hint and is read out. */
export function Field({ label, hint, error, isPassword = false, ...input }: FieldProps) {
  const id = useId();
  const labelled = { label, hint, error };
  const type = isPassword ? ({ type: "password" } as const) : ({ type: "text" } as const);
  return (
    <Frame id={id} {...labelled}>
      <input {...input} {...type} class="field-input" {...described(id, labelled)} />
    </Frame>
  );
}

export function TextArea({ label, hint, error, ...area }: TextAreaProps) {
  const id = useId();
  const labelled = { label, hint, error };
  return (
    <Frame id={id} {...labelled}>
      <textarea {...area} class="field-input field-area" {...described(id, labelled)} />
    </Frame>
  );
}

type TimeFieldProps = Labelled & Pick<PartialInputHTMLAttributes<HTMLInputElement>, "value" | "onInput">;

/** A day and a time of it, in the browser's own way and the agent's own zone. */
export function TimeField({ label, hint, error, ...input }: TimeFieldProps) {
  const id = useId();
  const labelled = { label, hint, error };
  return (
    <Frame id={id} {...labelled}>
      <input {...input} type="datetime-local" class="field-input" {...described(id, labelled)} />
    </Frame>
  );
}

type ShortFieldProps = Labelled &
  Pick<PartialInputHTMLAttributes<HTMLInputElement>, "value" | "onInput"> & {
    kind: "time" | "date" | "number";
    min?: number;
    max?: number;
  };

/** A time of day, a day or a number. */
export function ShortField({ label, hint, error, kind, ...input }: ShortFieldProps) {
  const id = useId();
  const labelled = { label, hint, error };
  return (
    <Frame id={id} {...labelled}>
      <input {...input} type={kind} class="field-input field-short" {...described(id, labelled)} />
    </Frame>
  );
}

interface SwitchProps {
  label: string;
  isOn: boolean;
  onChange: (isOn: boolean) => void;
}

/** On or off. */
export function Checkbox({ label, isOn, onChange }: SwitchProps) {
  return (
    <label class="checkbox">
      <input type="checkbox" checked={isOn} onChange={(event) => onChange(event.currentTarget.checked)} />
      <span>{label}</span>
    </label>
  );
}

interface SelectProps<T extends string> {
  /** Read out, not shown: what is chosen speaks for itself. */
  label: string;
  options: readonly { value: T; label: string }[];
  value: T;
  onChoose: (value: T) => void;
}

/** One of a few, the others out of sight. */
export function Select<T extends string>({ label, options, value, onChoose }: SelectProps<T>) {
  return (
    <select
      class="field-select"
      aria-label={label}
      value={value}
      onChange={(event) => onChoose(event.currentTarget.value as T)}
    >
      {options.map((option) => (
        <option key={option.value} value={option.value}>
          {option.label}
        </option>
      ))}
    </select>
  );
}

interface ChoiceProps<T extends string> {
  label: string;
  options: readonly { value: T; label: string }[];
  value: T | null;
  onChoose: (value: T) => void;
}

/** One of a few, all in sight: radio buttons that look like chips. */
export function Choice<T extends string>({ label, options, value, onChoose }: ChoiceProps<T>) {
  const name = useId();
  return (
    <fieldset class="choice">
      <legend class="field-label">{label}</legend>
      <div class="choice-options">
        {options.map((option) => (
          <label key={option.value} class="choice-option">
            <input
              type="radio"
              name={name}
              value={option.value}
              checked={option.value === value}
              onChange={() => onChoose(option.value)}
            />
            <span>{option.label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
