import { BootwrightError } from '../../src/errors.ts';

/** The error that a person gets, as code and text; anything but a BootwrightError is thrown on. */
export function complaint(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof BootwrightError) return `${error.code}: ${error.message}. ${error.remedy}`;
    throw error;
  }
  return 'nothing';
}
