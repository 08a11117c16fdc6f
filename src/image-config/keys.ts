/** What a key holds: text, arguments of the kernel, files, or what only the other tool acts on. */
type Leaf = 'text' | 'arguments' | 'files' | 'ignored';

/** The keys of a section, by name. */
export interface Keys {
  readonly [name: string]: Leaf | Keys;
}

const output = {
  kernelCommandLine: { extraCommandLine: 'arguments' },
  additionalFiles: 'files',
  initramfsType: 'text',
  kdumpBootFiles: 'text',
} as const satisfies Keys;

/**
 * Every key of a build's configuration: those of Azure Linux Image Customizer (imagecustomizerapi/config.go and the
 * structs that it names, from the first version with PXE support on), and `liveRoot` and `iso.volumeLabel`, which are
 * ours. docs/reference/image-yaml.md explains the same keys; a test holds the two together.
 */
export const imageKeys = {
  input: { image: { path: 'text', oci: 'ignored', azureLinux: 'ignored' } },
  storage: 'ignored',
  iso: { ...output, volumeLabel: 'text' },
  pxe: {
    ...output,
    bootstrapBaseUrl: 'text',
    bootstrapFileUrl: 'text',
    isoImageBaseUrl: 'text',
    isoImageFileUrl: 'text',
  },
  os: 'ignored',
  scripts: 'ignored',
  previewFeatures: 'ignored',
  output: {
    image: { path: 'text', format: 'text', cosi: 'ignored' },
    artifacts: 'ignored',
    selinuxPolicyPath: 'ignored',
  },
  baseConfigs: 'ignored',
  liveRoot: 'text',
} as const satisfies Keys;

/** Every key below `keys` that is no section, such as `pxe.initramfsType`, with what it holds. */
export function leavesOf(keys: Keys, above = ''): [key: string, leaf: Leaf][] {
  return Object.entries(keys).flatMap(([name, inner]): [string, Leaf][] =>
    typeof inner === 'string' ? [[`${above}${name}`, inner]] : leavesOf(inner, `${above}${name}.`),
  );
}
