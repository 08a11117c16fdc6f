import type { X509Certificate } from 'node:crypto';
import { commonName, type MicrosoftCa, microsoftBehind, trustedBehind } from './certificates.ts';
import { type Finding, finding } from './finding.ts';
import type { Program } from './program.ts';
import type { Facts } from './report.ts';
import { oldestRefusal, revokedBy } from './revocations.ts';
import type { Shim } from './shim.ts';

/** What a machine runs one after the other; absent what could not be read. */
export interface Chain {
  /** What firmware loads: shim, or GRUB itself. */
  readonly boot: Program | undefined;
  /** GRUB, where shim loads it. */
  readonly grub: Program | undefined;
  /** `program` is absent where the kernel is no EFI program. */
  readonly kernels: readonly { readonly path: string; readonly program?: Program }[];
}

type SecureBoot = Facts['secureBoot'];

/** Whose certificate of Microsoft's stands behind a program, each once. */
function microsoftOf({ signatures }: Program): MicrosoftCa[] {
  const found = (signatures ?? []).flatMap((signature) => microsoftBehind(signature) ?? []);
  return [...new Set(found)];
}

/** Whose certificate in shim stands behind a program, if any. */
function vendorOf({ signatures }: Program, { trusted }: Shim): X509Certificate | undefined {
  for (const signature of signatures ?? []) {
    const found = trustedBehind(signature, trusted);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Says whether a machine with Secure Boot runs an image to its end, and adds what it would stumble over. */
export function judgeSecureBoot(chain: Chain, findings: Finding[]): SecureBoot {
  const { boot, grub, kernels } = chain;
  if (boot === undefined) return { ...unknown('no loader could be read'), refusedFrom: null };
  const refused: Finding[] = [];
  const verdict = judge({ ...chain, boot }, refused);
  const revoked = [
    ...revokedOf(boot, screens.boot),
    ...(grub === undefined ? [] : revokedOf(grub, screens.grub, boot)),
  ];
  findings.push(...refused, ...revoked.map((each) => each.finding));
  const refusedFrom = Math.min(...revoked.map(({ date }) => date));
  const broken = [boot, grub, ...kernels.map(({ program }) => program)].find(
    (program) => program !== undefined && program.signatures === undefined,
  );
  const reason =
    broken === undefined
      ? (refused[0] ?? revoked.find((each) => each.byShim)?.finding)?.problem
      : `the signature of ${broken.path} does not hold`;
  return {
    ...(reason === undefined ? verdict : refusal(reason)),
    refusedFrom: Number.isFinite(refusedFrom) ? refusedFrom : null,
  };
}

function refusal(reason: string): Verdict {
  return { verdict: 'refused', sentence: `A machine with Secure Boot refuses it: ${reason}.`, certificates: [] };
}

type Verdict = Omit<SecureBoot, 'refusedFrom'>;

function unknown(reason: string): Verdict {
  return { verdict: 'unknown', sentence: `Nobody can tell: ${reason}.`, certificates: [] };
}

function judge({ boot, grub, kernels }: Chain & { readonly boot: Program }, refused: Finding[]): Verdict {
  if (isUnsigned(boot, refused)) return unknown('its first loader is not signed');
  const { shim } = boot;
  if (shim === undefined) {
    for (const kernel of kernels) if (isKernelUnsigned(kernel, refused)) break;
    return verdictOf(boot, 'it has no shim: what it loads is for its GRUB to judge');
  }
  const names = new Set<string>();
  if (grub !== undefined) checkByShim(grub, shim, names, refused);
  if (grub !== undefined && grub.signatures?.length !== 0 && grub.sbat.length === 0) {
    refused.push(finding('SECURE_BOOT_NO_SBAT', { path: grub.path }));
  }
  for (const kernel of kernels) {
    if (kernel.program === undefined || kernel.program.signatures?.length === 0) isKernelUnsigned(kernel, refused);
    else checkByShim(kernel.program, shim, names, refused);
  }
  const vouching = [...names].map((name) => `"${name}"`).join(' and ') || 'a list in shim';
  return verdictOf(boot, `GRUB and the kernel are vouched for by ${vouching}`);
}

function isUnsigned({ path, signatures }: Program, refused: Finding[]): boolean {
  if (signatures?.length === 0) refused.push(finding('SECURE_BOOT_UNSIGNED', { path }));
  // A signature that does not hold was said already, as an error.
  return signatures === undefined || signatures.length === 0;
}

function isKernelUnsigned({ path, program }: Chain['kernels'][number], refused: Finding[]): boolean {
  if (program !== undefined) return isUnsigned(program, refused);
  refused.push(finding('SECURE_BOOT_UNSIGNED', { path }));
  return true;
}

/** Shim vouches by its own certificates, and firmware by its own for what shim loads, too. */
function checkByShim(program: Program, shim: Shim, names: Set<string>, refused: Finding[]): void {
  const { path, signatures, digest } = program;
  if (digest !== undefined && shim.revokedDigests.has(digest)) {
    refused.push(finding('SECURE_BOOT_REVOKED_BY_SHIM', { path }));
    return;
  }
  if (digest !== undefined && shim.trustedDigests.has(digest)) return;
  if (isUnsigned(program, refused) || signatures === undefined) return;
  const vendor = vendorOf(program, shim);
  const isRevoked = signatures.some((signature) => trustedBehind(signature, shim.revoked) !== undefined);
  if (isRevoked) refused.push(finding('SECURE_BOOT_REVOKED_BY_SHIM', { path }));
  else if (vendor !== undefined) names.add(commonName(vendor.subject));
  else if (microsoftOf(program).length > 0) for (const name of microsoftOf(program)) names.add(name);
  else {
    refused.push(
      finding('SECURE_BOOT_UNTRUSTED', {
        path,
        signer: commonName(signatures[0]?.certificate.subject ?? ''),
        trusted: shim.trusted.map(({ subject }) => `"${commonName(subject)}"`).join(', ') || 'nobody',
      }),
    );
  }
}

function verdictOf(boot: Program, rest: string): Verdict {
  const certificates = microsoftOf(boot);
  if (certificates.length > 0) {
    const names = certificates.join(' or ');
    return { verdict: 'passes', sentence: `Passes on machines with ${names}; ${rest}.`, certificates };
  }
  const signer = boot.signatures?.[0]?.certificate;
  const name = commonName(signer?.issuer ?? '');
  return {
    verdict: 'own-certificate',
    sentence: `Passes only on machines that were given the certificate of "${name}"; ${rest}.`,
    certificates: [name],
  };
}

/** What a machine writes when it refuses a program for its generation. */
const screens = {
  boot: 'Verifying shim SBAT data failed: Security Policy Violation',
  grub: 'Verification failed: (0x1A) Security Violation',
} as const;

/** The oldest revocations that refuse a program: those that are out there, and those that the shim before it sets. */
function revokedOf({ path, sbat }: Program, screen: string, boot?: Program) {
  const oldest = oldestRefusal(sbat);
  const rules = boot?.shim?.sbatLevel ?? [];
  const [own] = revokedBy(sbat, rules);
  const revoked = oldest?.revoked ?? own;
  if (revoked === undefined) return [];
  const date = oldest?.date ?? rules.find(({ component }) => component === 'sbat')?.generation ?? 0;
  const data = { path, ...revoked, level: date, screen };
  const byShim = own !== undefined;
  return [{ date, byShim, finding: finding(byShim ? 'SBAT_REVOKED_BY_SHIM' : 'SBAT_REVOKED', data) }];
}
