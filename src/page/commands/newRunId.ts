let made = 0;

/** Of a run that is begun or taken in: no other of this visit has it, and hardly any of another. */
export function newRunId(): string {
  return `run-${Date.now().toString(36)}-${++made}`;
}
