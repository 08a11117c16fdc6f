/** What decides whether SELinux is on. */
export interface SelinuxEvidence {
  /** Of every kernel of the menu. */
  readonly kernelArguments: readonly string[];
  /** `/etc/selinux/config` of the system. */
  readonly config: string | undefined;
  /** `/etc/os-release` of the system. */
  readonly osRelease: string | undefined;
}

/** Distributions whose kernels leave SELinux off unless their arguments say otherwise. */
const offUnlessAsked = new Set(['mariner', 'ubuntu', 'debian']);

/** A value of os-release(5). */
function osReleaseValue(text: string | undefined, key: string): string | undefined {
  const line = text?.split('\n').find((each) => each.startsWith(`${key}=`));
  return line
    ?.slice(key.length + 1)
    .trim()
    .replace(/^(["'])(.*)\1$/, '$2');
}

/** Azure Linux 3 and before, whose kernels and dracut differ from those of Fedora's family, to which 4 belongs. */
export function isEarlyAzureLinux(osRelease: string | undefined): boolean {
  const id = osReleaseValue(osRelease, 'ID');
  return (
    id === 'mariner' || (id === 'azurelinux' && Number.parseInt(osReleaseValue(osRelease, 'VERSION_ID') ?? '', 10) < 4)
  );
}

/**
 * Why SELinux counts as on, or `undefined` where it is off: by the kernel's arguments, and where they leave it open, by
 * the configuration of the system (selinux(8)).
 */
export function whySelinuxIsOn({ kernelArguments, config, osRelease }: SelinuxEvidence): string | undefined {
  const has = (argument: string) => kernelArguments.includes(argument);
  const asked = has('selinux=1') || has('security=selinux');
  if (!asked && has('selinux=0')) return undefined;
  if (asked && has('enforcing=1')) return 'its kernel has enforcing=1';
  const isOffByDefault = isEarlyAzureLinux(osRelease) || offUnlessAsked.has(osReleaseValue(osRelease, 'ID') ?? '');
  if (!asked && isOffByDefault) return undefined;
  const mode = /^[ \t]*SELINUX=[ \t]*(enforcing|permissive)/m.exec(config ?? '')?.[1];
  return mode === undefined ? undefined : `/etc/selinux/config has SELINUX=${mode}`;
}
