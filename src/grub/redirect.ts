import { chainsToLoader, loadsKernel } from './boot-commands.ts';
import { type Command, commands } from './commands.ts';
import { setBySearch } from './disks.ts';
import { type Medium, placeOnMedium } from './medium.ts';
import { tokenize } from './tokenize.ts';
import { type Variables, walkWithVariables } from './variables.ts';

const leadsOn = new Set(['configfile', 'source', '.', 'normal']);
const bootsOrShows = new Set(['menuentry', 'submenu', 'blscfg', 'bls_import', 'linux', 'boot', 'uki']);
/** Stands for the device that a redirect has searched for. */
const device = 'image';
/** A memory disk is a part of the loader, not of the image. */
const onImage = /^(?:\((?!memdisk\))[^()]*\))?(\/[^$]+)$/;

function pathOf(command: Command, variables: Variables): string | undefined {
  const word = command.words[1];
  const [path = '', ...more] = word === undefined ? [] : variables.expand(word, command.list);
  return more.length > 0 ? undefined : onImage.exec(path)?.[1];
}

/**
 * The path of the configuration that one only leads on to, as those in `EFI/<vendor>` do (`search`, `set prefix=`,
 * `configfile $prefix/grub.cfg`). Undefined if it has a menu of its own or boots something, or leads to where only GRUB
 * knows. The path is one on the image, if the image is given: where the file system that was searched for is the
 * image's `/boot`, that is put in front; of several ways the first that is there is taken.
 *
 * @throws GRUB_CONFIG_MALFORMED
 */
export function redirectTarget(text: string, medium?: Medium): string | undefined {
  const all = commands(tokenize(text));
  if (all.some((command) => bootsOrShows.has(command.name ?? '') || loadsKernel(command) || chainsToLoader(command))) {
    return undefined;
  }
  const paths: string[] = [];
  walkWithVariables(
    all,
    (command, variables) => {
      const path = leadsOn.has(command.name ?? '') ? pathOf(command, variables) : undefined;
      if (path !== undefined) paths.push(path);
    },
    (command) => {
      const variable = setBySearch(command);
      return variable === undefined ? [] : [[variable, device]];
    },
    [['root', device]],
  );
  if (medium === undefined) return paths[0];
  const places = paths.map((path) => placeOnMedium(path, medium));
  return places.find((place) => place !== undefined && medium.kindOf(place) === 'file') ?? paths[0];
}
