/**
 * The path that a client means by the name it sent (one character a byte): `\` is `/`, `//` is `/`, no leading `/`,
 * and nothing but printable ASCII, since boot ROMs append 0xFF and DHCP servers line ends. `undefined` where the name
 * leaves the root or names nothing.
 */
export function cleanName(name: string): string | undefined {
  const inside: string[] = [];
  const printable = name.replace(/[^\x20-\x7e]/g, '').trimEnd();
  for (const segment of printable.split(/[/\\]+/)) {
    if (segment === '' || segment === '.') continue;
    if (segment !== '..') inside.push(segment);
    else if (inside.pop() === undefined) return undefined;
  }
  return inside.length === 0 ? undefined : inside.join('/');
}

/** The text as a person may read it: what is not printable ASCII becomes `\xff`, so that it can't forge a log. */
export function shownText(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
