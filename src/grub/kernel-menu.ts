import { initrdOf, liveArguments } from './kinds.ts';
import type { Medium } from './medium.ts';
import { quoted } from './quote.ts';
import { compareVersions } from './version-order.ts';

export interface KernelMenuOptions {
  /** Of the system; the version of the kernel is put behind it. */
  readonly title: string;
  /** Paths on the image, such as `/boot/vmlinuz-6.6.10`, in any order. */
  readonly kernels: readonly string[];
  readonly kind: 'bootstrap' | 'full-os';
  readonly medium?: Medium | undefined;
}

/** What orders kernels: the version in the name, or else the name. */
function versionOf(kernel: string): string {
  return kernel.replace(/^.*\//, '').replace(/^vmlinuz-/, '');
}

/**
 * A configuration for an image that has kernels and no menu that names them: an entry for each, newest first, which boots
 * by itself. `rewriteForPxe` and `rewriteForDisc` put in where the system comes from.
 *
 * @throws GRUB_ARGUMENT_UNUSABLE if a name holds a control character.
 */
export function kernelMenu({ title, kernels, kind, medium }: KernelMenuOptions): string {
  const newestFirst = [...new Set(kernels)].sort(
    (a, b) => compareVersions(versionOf(b), versionOf(a)) || (a < b ? -1 : 1),
  );
  const args = kind === 'bootstrap' ? liveArguments(medium, true, []) : [];
  const entries = newestFirst.map((kernel) => {
    const version = versionOf(kernel);
    const name = version === 'vmlinuz' ? title : `${title} (${version})`;
    const initrd = initrdOf(kernel, kind, medium) ?? kernel;
    const words = ['linux', kernel, ...args].map(quoted).join(' ');
    return `menuentry ${quoted(name)} --id ${quoted(version)} {\n\t${words}\n\tinitrd ${quoted(initrd)}\n}\n`;
  });
  return `set default=0\nset timeout=0\n\n${entries.join('\n')}`;
}
