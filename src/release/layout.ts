import { join } from 'node:path';

/**
 * Where things are in the root that machines boot from.
 *
 *     <root>/releases/<id>/     one release: never changes once it is there
 *     <root>/active             symbolic link to `releases/<id>`
 *     <root>/loaders/           loaders of the administrator, if there are any
 *     <root>/.bootwright/       state of the server: never served
 */
export function rootLayout(root: string) {
  const own = join(root, '.bootwright');
  return {
    root,
    releases: join(root, 'releases'),
    active: join(root, 'active'),
    loaders: join(root, 'loaders'),
    own,
    staging: join(own, 'staging'),
    lock: join(own, 'lock'),
    server: join(own, 'server.json'),
    control: join(own, 'control.sock'),
    state: join(own, 'state.db'),
  };
}

export type RootLayout = ReturnType<typeof rootLayout>;

/** In the folder of each release: what is in it. */
export const manifestName = 'manifest.json';

/** The one place of GRUB's configuration in a release. */
export const grubConfigPath = 'boot/grub2/grub.cfg';

/** Where in an image GRUB's configuration for the network is. */
export const networkConfigPath = 'boot/grub2/grub-pxe.cfg';

/** Files of an output that Bootwright writes itself. */
const ours: readonly string[] = [
  manifestName,
  grubConfigPath,
  networkConfigPath,
  'bootwright/image.yaml',
  'fetch-artifacts.sh',
];

export function isOurs(path: string): boolean {
  return ours.includes(path);
}
