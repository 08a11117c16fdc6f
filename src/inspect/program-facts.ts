import type { X509Certificate } from 'node:crypto';
import type { Signature } from './authenticode.ts';
import { commonName, fingerprint, microsoftBehind, trustedBehind } from './certificates.ts';
import { versionInName } from './kernel.ts';
import type { ReadLoaders } from './loaders.ts';
import type { Kernel, Program } from './program.ts';
import type { ProgramFacts } from './report.ts';

/** What is said of loaders and kernels in a report. */
export function programFacts({ boot, last }: ReadLoaders, kernels: Iterable<Kernel>): ProgramFacts[] {
  const trusted = boot?.shim?.trusted ?? [];
  const loaders = [boot, last].filter((program, index, all) => program !== undefined && all.indexOf(program) === index);
  return [
    ...loaders.flatMap((program) => (program === undefined ? [] : loaderFacts(program, trusted))),
    ...[...kernels].map((kernel) => kernelFacts(kernel, trusted)),
  ];
}

function loaderFacts(program: Program, trusted: readonly X509Certificate[]): ProgramFacts {
  const role = program.shim !== undefined ? 'shim' : program.grub !== undefined ? 'grub' : 'other';
  // The vendor's line is more exact: that of shim itself is only its generation's.
  const version = program.sbat.findLast(({ component, version: each }) => component.startsWith(role) && each)?.version;
  return { role, version: version ?? null, ...common(program, trusted) };
}

function kernelFacts({ path, sizeBytes, header, program }: Kernel, trusted: readonly X509Certificate[]): ProgramFacts {
  const version = header.version ?? versionInName(path) ?? null;
  if (program !== undefined) return { role: 'kernel', version, ...common(program, trusted) };
  return { path, role: 'kernel', version, machine: null, sizeBytes, signatures: [], sbat: [] };
}

function common({ path, machine, sizeBytes, signatures, sbat }: Program, trusted: readonly X509Certificate[]) {
  return {
    path,
    machine,
    sizeBytes,
    signatures: (signatures ?? []).map((each) => signatureFacts(each, trusted)),
    sbat: sbat.map(({ component, generation, version }) => ({ component, generation, version })),
  };
}

function signatureFacts(signature: Signature, trusted: readonly X509Certificate[]): ProgramFacts['signatures'][number] {
  const { subject, issuer, validFrom, validTo } = signature.certificate;
  const vendor = trustedBehind(signature, trusted);
  return {
    signer: commonName(subject),
    issuer: commonName(issuer),
    sha256: fingerprint(signature.certificate),
    validFrom,
    validTo,
    trustedBy: microsoftBehind(signature) ?? (vendor === undefined ? null : commonName(vendor.subject)),
  };
}
