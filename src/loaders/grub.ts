import { execa } from 'execa';
import type { BootFile } from '../boot/files.ts';
import { madeFile } from '../boot/made-file.ts';
import { hasCode } from '../errors.ts';
import { type GrubImage, grubImages } from './grub-images.ts';
import type { Loader } from './loader.ts';
import { loaderConfig } from './loader-config.ts';
import { type GrubTools, lookForModules, makeImage } from './make-image.ts';

interface GrubOptions {
  /** The first of these programs that runs makes the images. */
  readonly mkimage: readonly string[];
  /** The folder with a folder of modules for each platform. */
  readonly modules: string;
  readonly httpPort: number;
}

/** A server that starts waits for it. */
const timeoutMs = 5000;

async function firstThatRuns(programs: readonly string[]): Promise<string | undefined> {
  for (const program of programs) {
    const { failed } = await execa(program, ['--version'], { stdin: 'ignore', reject: false, timeout: timeoutMs });
    if (!failed) return program;
  }
  return undefined;
}

function absent(image: GrubImage, why: string): Loader {
  return { file: image.file, why, open: () => Promise.resolve(undefined) };
}

async function prepare(image: GrubImage, tools: GrubTools, { httpPort }: GrubOptions): Promise<Loader> {
  const modules = await lookForModules(image, tools);
  if (typeof modules === 'string') return absent(image, modules);
  const made = new Map<string, Promise<BootFile>>();
  const make = (address: string): Promise<BootFile> => {
    const known = made.get(address);
    if (known !== undefined) return known;
    const bytes = makeImage(image, modules, loaderConfig({ address, httpPort }), tools);
    const file = bytes.then((all) => madeFile(`loaders/${image.file}`, all));
    made.set(address, file);
    file.catch(() => made.delete(address));
    return file;
  };
  try {
    await makeImage(image, modules, loaderConfig({ address: '127.0.0.1', httpPort }), tools);
  } catch (error) {
    if (!hasCode(error, 'LOADER_NOT_MADE')) throw error;
    return absent(image, String(error.data['reason']));
  }
  return { file: image.file, why: undefined, open: ({ local }) => make(local) };
}

/**
 * GRUBs made of what is installed here. Each names the address under which a machine reached us, so there is one for
 * every such address, made when it is asked for. Whether it can be made is tried now; what can't says why.
 */
export async function prepareGrubs(options: GrubOptions): Promise<readonly Loader[]> {
  const { modules } = options;
  const mkimage = await firstThatRuns(options.mkimage);
  return Promise.all(
    grubImages.map((image) =>
      mkimage === undefined
        ? absent(image, 'there is no grub-mkimage that runs; apt install grub-common, or dnf install grub2-tools')
        : prepare(image, { mkimage, modules }, options),
    ),
  );
}
