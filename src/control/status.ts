import { exit } from '../errors/row.ts';
import type { BootwrightError, ErrorCode } from '../errors.ts';

const statuses: Partial<Record<ErrorCode, number>> = {
  LEASE_NOT_FOUND: 404,
  RESERVATION_NOT_FOUND: 404,
  RESERVATION_EXISTS: 409,
  RESERVATION_OF_MACHINE_EXISTS: 409,
  RESERVATION_CONFIGURED: 409,
};

/** The status of HTTP that an error has as an answer. RFC 9110 §15.5. */
export function statusOf({ code, exitStatus }: BootwrightError): number {
  return statuses[code] ?? (exitStatus === exit.usage ? 422 : 500);
}
