import { captureErrors } from './errors/capture.ts';
import { configErrors } from './errors/config.ts';
import { controlErrors } from './errors/control.ts';
import { dhcpErrors } from './errors/dhcp.ts';
import { dhcp6Errors } from './errors/dhcp6.ts';
import { discErrors } from './errors/disc.ts';
import { grubErrors } from './errors/grub.ts';
import { httpErrors } from './errors/http.ts';
import { imageErrors } from './errors/image.ts';
import { imageConfigErrors } from './errors/image-config.ts';
import { initramfsErrors } from './errors/initramfs.ts';
import { inputErrors } from './errors/input.ts';
import { loaderErrors } from './errors/loaders.ts';
import { platformErrors } from './errors/platform.ts';
import { preflightErrors } from './errors/preflight.ts';
import { probeErrors } from './errors/probe.ts';
import { releaseErrors } from './errors/release.ts';
import { rootErrors } from './errors/root.ts';
import type { ErrorRow } from './errors/row.ts';
import { storeErrors } from './errors/store.ts';
import { tftpErrors } from './errors/tftp.ts';
import { wireErrors } from './errors/wire.ts';
import { onOneLine } from './format.ts';

/**
 * Every error that a person can meet, by the part of Bootwright that it comes from: its code, what went wrong, what to
 * do, and the exit status of a command that ends with it. `docs/reference/errors.md` lists the same rows; a test holds
 * the two together.
 */
export const errorAreas = {
  wire: wireErrors,
  config: configErrors,
  release: releaseErrors,
  root: rootErrors,
  http: httpErrors,
  store: storeErrors,
  platform: platformErrors,
  image: imageErrors,
  'image-config': imageConfigErrors,
  input: inputErrors,
  preflight: preflightErrors,
  dhcp: dhcpErrors,
  control: controlErrors,
  dhcp6: dhcp6Errors,
  tftp: tftpErrors,
  loaders: loaderErrors,
  grub: grubErrors,
  initramfs: initramfsErrors,
  disc: discErrors,
  probe: probeErrors,
  capture: captureErrors,
} as const;

const errorTable = {
  ...wireErrors,
  ...configErrors,
  ...releaseErrors,
  ...rootErrors,
  ...httpErrors,
  ...storeErrors,
  ...platformErrors,
  ...imageErrors,
  ...imageConfigErrors,
  ...inputErrors,
  ...preflightErrors,
  ...dhcpErrors,
  ...controlErrors,
  ...dhcp6Errors,
  ...tftpErrors,
  ...loaderErrors,
  ...grubErrors,
  ...initramfsErrors,
  ...discErrors,
  ...probeErrors,
  ...captureErrors,
} as const;

export type ErrorCode = keyof typeof errorTable;

type Names<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never;

/** The values that the texts of one code name. */
export type ErrorData<Code extends ErrorCode> = Record<
  Names<(typeof errorTable)[Code]['problem'] | (typeof errorTable)[Code]['remedy']>,
  string | number
>;

function fill(text: string, data: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => onOneLine(String(data[name])));
}

/** An error with a code of `errorAreas`, the values that caused it, and what to do. */
export class BootwrightError<Code extends ErrorCode = ErrorCode> extends Error {
  override readonly name = 'BootwrightError';
  readonly code: Code;
  readonly data: Readonly<Record<string, string | number>>;
  readonly remedy: string;
  readonly exitStatus: number;
  readonly severity: 'error' | 'warning';

  constructor(code: Code, data: ErrorData<Code>, options?: ErrorOptions) {
    const row: ErrorRow = errorTable[code];
    super(fill(row.problem, data), options);
    this.code = code;
    this.data = data;
    this.remedy = fill(row.remedy, data);
    this.exitStatus = row.exit;
    this.severity = row.severity ?? 'error';
  }
}

/** True where `error` is a BootwrightError with that code. */
export function hasCode<Code extends ErrorCode>(error: unknown, code: Code): error is BootwrightError<Code> {
  return error instanceof BootwrightError && error.code === code;
}
