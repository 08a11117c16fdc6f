/** Where a server or a machine runs. */
export interface Place {
  /** A folder for whatever is written there; it goes when the place goes. */
  readonly folder: string;
  /** What stands in front of a command that shall run there. */
  readonly enter: readonly string[];
}
