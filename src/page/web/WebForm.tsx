import type { ReactNode } from "react";
import styles from "./WebForm.module.css";

interface WebFormProps {
  readonly use: "data" | "teacher";
  readonly isOpen: boolean;
  readonly onToggle: (isOpen: boolean) => void;
  readonly onSubmit: () => void;
  readonly children: ReactNode;
}

/** "From the web", folded: a form that looks something up at an address. */
export function WebForm({ use, isOpen, onToggle, onSubmit, children }: WebFormProps) {
  return (
    <details
      className={styles.fold}
      open={isOpen}
      onToggle={(event) => onToggle(event.currentTarget.open)}
      data-testid={`${use}-web`}
    >
      <summary>From the web</summary>
      {isOpen ? (
        <form
          className={styles.form}
          onSubmit={(event) => {
            event.preventDefault();
            onSubmit();
          }}
        >
          {children}
        </form>
      ) : null}
    </details>
  );
}

interface AddressFieldProps {
  readonly use: "data" | "teacher";
  readonly label: string;
  readonly placeholder: string;
  readonly address: string;
  readonly onChange: (address: string) => void;
}

export function AddressField({ use, label, placeholder, address, onChange }: AddressFieldProps) {
  return (
    <label className={styles.field}>
      {label}
      <input
        type="text"
        inputMode="url"
        spellCheck={false}
        autoComplete="off"
        placeholder={placeholder}
        value={address}
        data-testid={`${use}-address`}
        onChange={(event) => onChange(event.target.value)}
      />
    </label>
  );
}
