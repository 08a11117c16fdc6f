import type { Loader } from './loader.ts';
import { ServedFolder } from './served-folder.ts';

/** As distributions name what they build: Debian, then Fedora. */
const builds = [
  { file: 'undionly.kpxe', installed: ['undionly.kpxe'] },
  { file: 'ipxe.efi', installed: ['ipxe.efi', 'ipxe-x86_64.efi'] },
] as const;

/** iPXE as it is installed here, in the first of `folders` that has it. */
export function findIpxe(folders: readonly string[]): readonly Loader[] {
  const served = folders.map((path) => new ServedFolder(path, 'anywhere'));
  return builds.map(({ file, installed }): Loader => {
    const places = installed.flatMap((name) => served.map((folder) => ({ folder, name })));
    const place = places.find(({ folder, name }) => folder.has(name));
    return {
      file,
      why:
        place === undefined ? 'iPXE is not installed; apt install ipxe, or dnf install ipxe-bootimgs-x86' : undefined,
      open: async () => place?.folder.open(place.name, `loaders/${file}`),
    };
  });
}
