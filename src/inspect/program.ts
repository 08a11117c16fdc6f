import { BootwrightError } from '../errors.ts';
import type { GrubImage } from '../iso/grub-image.ts';
import { inspectLoader, type Loader, type SbatEntry } from '../iso/pe.ts';
import { decodePe, type PeLayout } from '../iso/pe-layout.ts';
import type { ByteSource } from '../platform/files.ts';
import { authenticodeDigest, type Signature, verifySignatures } from './authenticode.ts';
import { type Finding, finding } from './finding.ts';
import { type KernelHeader, readKernelHeader } from './kernel.ts';
import { readShim, type Shim } from './shim.ts';

/** An EFI program of an image that was read and whose signatures were verified. */
export interface Program {
  readonly path: string;
  readonly sizeBytes: number;
  readonly machine: Loader['machine'];
  /** Empty where nobody signed it; `undefined` where it has a signature that does not hold. */
  readonly signatures: readonly Signature[] | undefined;
  readonly sbat: readonly SbatEntry[];
  /** Its Authenticode digest (SHA-256, hexadecimal), by which it may be revoked. */
  readonly digest: string | undefined;
  readonly grub?: GrubImage;
  readonly shim?: Shim;
}

/** A kernel: an EFI program as most are, or not. */
export interface Kernel {
  readonly path: string;
  readonly sizeBytes: number;
  readonly header: KernelHeader;
  readonly program?: Program;
}

/** Loaders have some megabytes, kernels some ten. */
const limitBytes = 64 * 1024 * 1024;

interface Found {
  readonly path: string;
  readonly sizeBytes: number;
  open(): ByteSource;
}

async function readWhole({ sizeBytes, open }: Found): Promise<Uint8Array> {
  const bytes = new Uint8Array(Math.min(sizeBytes, limitBytes));
  const count = await open().read(bytes, 0);
  return bytes.subarray(0, count);
}

/** Reads a loader. Throws IMAGE_LOADER_INVALID; a signature that does not hold is a finding. */
export async function readLoader(found: Found, findings: Finding[]): Promise<Program> {
  const { path } = found;
  if (found.sizeBytes > limitBytes) {
    throw new BootwrightError('IMAGE_LOADER_INVALID', { path, reason: 'it is larger than 64 MiB' });
  }
  const bytes = await readWhole(found);
  try {
    return readProgram(found, bytes, findings);
  } catch (cause) {
    if (!(cause instanceof BootwrightError)) throw cause;
    throw new BootwrightError('IMAGE_LOADER_INVALID', { path, reason: cause.message }, { cause });
  }
}

/** Reads a kernel. Of one that is larger than 64 MiB the signature is not looked at. */
export async function readKernel(found: Found, findings: Finding[]): Promise<Kernel> {
  const { path, sizeBytes } = found;
  const bytes = await readWhole(found);
  const kernel = { path, sizeBytes, header: readKernelHeader(bytes) };
  if (bytes.byteLength < sizeBytes || bytes[0] !== 0x4d || bytes[1] !== 0x5a) return kernel;
  try {
    return { ...kernel, program: readProgram(found, bytes, findings) };
  } catch (error) {
    // GRUB boots a kernel by its own header; only Secure Boot needs it to be an EFI program.
    if (error instanceof BootwrightError) return kernel;
    throw error;
  }
}

function readProgram({ path, sizeBytes }: Found, bytes: Uint8Array, findings: Finding[]): Program {
  const { machine, grub, sbat = [] } = inspectLoader(bytes);
  const pe = decodePe(bytes);
  const shim = readShim(pe);
  return {
    path,
    sizeBytes,
    machine,
    signatures: verified(path, bytes, pe, findings),
    sbat,
    digest: digestOf(bytes, pe),
    ...(grub !== undefined && { grub }),
    ...(shim !== undefined && { shim }),
  };
}

function verified(path: string, bytes: Uint8Array, pe: PeLayout, findings: Finding[]) {
  try {
    return verifySignatures(bytes, pe);
  } catch (error) {
    if (!(error instanceof BootwrightError)) throw error;
    findings.push(finding('LOADER_SIGNATURE_BROKEN', { path, reason: String(error.data['reason'] ?? error.message) }));
    return undefined;
  }
}

function digestOf(bytes: Uint8Array, pe: PeLayout): string | undefined {
  try {
    return Buffer.from(authenticodeDigest(bytes, pe, 'sha256')).toString('hex');
  } catch (error) {
    if (error instanceof BootwrightError) return undefined;
    throw error;
  }
}
