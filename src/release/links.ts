import { BootwrightError } from '../errors.ts';

/** Symbolic links of an image: what each path points to. */
export type Links = ReadonlyMap<string, string>;

/** As many as Linux follows for one path, and as long as a target may be (path_resolution(7), PATH_MAX). */
const maxLinks = 40;
const maxTargetCharacters = 4095;

/**
 * Whether a link leads above the root, as Linux would follow it: through other links on its way, so that `..` counts
 * from where they lead, not from where they stand.
 */
function leadsOutside(links: Links, path: string, target: string): boolean {
  const place = path.split('/').slice(0, -1);
  const ahead: string[] = [];
  const enter = (text: string) => {
    if (text.startsWith('/')) place.length = 0;
    ahead.push(...text.split('/').reverse());
  };
  enter(target);
  let followed = 0;
  for (let name = ahead.pop(); name !== undefined; name = ahead.pop()) {
    if (name === '' || name === '.') continue;
    if (name === '..') {
      if (place.pop() === undefined) return true;
      continue;
    }
    const next = links.get([...place, name].join('/'));
    if (next === undefined) {
      place.push(name);
    } else {
      // Links in a circle lead nowhere.
      if (++followed > maxLinks) return false;
      enter(next);
    }
  }
  return false;
}

/**
 * The target to write for a link, so that it means the same file inside a release: an absolute one means the image's
 * root, and becomes relative. Throws IMAGE_LINK_OUTSIDE, or ISO_UNSUPPORTED for a target that no link can have.
 */
export function linkInside(links: Links, path: string, target: string): string {
  if (target === '' || target.length > maxTargetCharacters) {
    throw new BootwrightError('ISO_UNSUPPORTED', { path, what: `a symbolic link of ${target.length} characters` });
  }
  if (leadsOutside(links, path, target)) throw new BootwrightError('IMAGE_LINK_OUTSIDE', { path, target });
  if (!target.startsWith('/')) return target;
  const up = '../'.repeat(path.split('/').length - 1);
  return `${up}${target.replace(/^\/+/, '')}`.replace(/\/$/, '') || '.';
}
