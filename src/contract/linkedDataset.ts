/** The images a link was made with: a name to recognise them by, and the start of their fingerprint. */
export interface LinkedDataset {
  readonly name: string;
  /** The first 12 hex digits. */
  readonly fingerprint: string;
}
