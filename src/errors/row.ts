/** The exit status of a command that ends with an error. */
export const exit = {
  /** A fault of Bootwright itself. */
  internal: 1,
  /** The command line or the configuration is wrong. */
  usage: 2,
  /** The image that was given can't be used. */
  image: 3,
  /** The output can't be written. */
  output: 4,
  /** This machine does not allow what was asked: a port, a permission, an interface. */
  environment: 5,
  /** A machine would not boot. */
  unbootable: 6,
} as const;

/** What a person reads; `{name}` is filled from the data of the error. */
export interface ErrorRow {
  readonly exit: number;
  /** It is only said, and ends nothing: the exit status is for who asks for that (`--strict`). */
  readonly severity?: 'warning';
  /** What was wrong, to continue a line with. */
  readonly problem: string;
  /** What to do about it, a sentence. */
  readonly remedy: string;
}
