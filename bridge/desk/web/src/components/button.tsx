import "./button.css";
import type { ButtonHTMLAttributes, ComponentChildren } from "preact";
import { Icon, type IconName } from "./icon.tsx";
import { Spinner } from "./skeleton.tsx";

type ButtonProps = Omit<ButtonHTMLAttributes<HTMLButtonElement>, "class" | "icon"> & {
  kind?: "primary" | "plain" | "quiet" | "danger";
  icon?: IconName;
  isBusy?: boolean;
  type?: "button" | "submit";
  disabled?: boolean;
  children: ComponentChildren;
};

/** One primary button per view. While busy it keeps its width and its focus, and does nothing. */
export function Button({
  kind = "plain",
  icon,
  isBusy = false,
  type = "button",
  children,
  ...rest
}: ButtonProps) {
  return (
    <button
      {...rest}
      type={type}
      class={`button button-${kind}`}
      aria-busy={isBusy}
      aria-disabled={isBusy || rest.disabled}
      onClick={(event) => (isBusy ? event.preventDefault() : rest.onClick?.(event))}
    >
      {isBusy ? <Spinner /> : icon && <Icon name={icon} />}
      <span>{children}</span>
    </button>
  );
}

type IconButtonProps = Omit<ButtonHTMLAttributes<HTMLButtonElement>, "class" | "icon" | "label"> & {
  icon: IconName;
  label: string;
};

/** A button that is only an icon: the label is what a screen reader says and what a pointer is shown. */
export function IconButton({ icon, label, ...rest }: IconButtonProps) {
  return (
    <button {...rest} type="button" class="button button-quiet button-icon" aria-label={label} title={label}>
      <Icon name={icon} />
    </button>
  );
}
