import { BootwrightError, type ErrorCode, type ErrorData } from '../errors.ts';

/** Something about an image that a person should know. An error: it would not boot. A warning: perhaps not everywhere. */
export interface Finding {
  readonly severity: 'error' | 'warning';
  readonly code: ErrorCode;
  /** What is wrong, to continue a line with. */
  readonly problem: string;
  /** What to do, a sentence. */
  readonly remedy: string;
  /** The values that the texts name. */
  readonly data: Readonly<Record<string, string | number>>;
}

/** A finding by its code, as the rows in `src/errors` have it. */
export function finding<Code extends ErrorCode>(code: Code, data: ErrorData<Code>): Finding {
  return findingOf(new BootwrightError(code, data));
}

function findingOf({ severity, code, message, remedy, data }: BootwrightError): Finding {
  return { severity, code, problem: message, remedy, data };
}

/** The error that a finding would be, if somebody threw it. */
export function errorOf({ code, data }: Finding): BootwrightError {
  return new BootwrightError(code, data as ErrorData<ErrorCode>);
}

/** What `work` gives, or `undefined` and the BootwrightError that it threw as a finding. */
export async function attempt<Result>(
  findings: Finding[],
  work: () => Result | Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof BootwrightError)) throw error;
    findings.push(findingOf(error));
    return undefined;
  }
}
