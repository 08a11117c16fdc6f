/** What os-release(5) says. */
export interface OsRelease {
  readonly name: string;
  readonly id: string | undefined;
  readonly version: string | undefined;
}

const maxTextLength = 200;

/** Text that a stranger wrote, as much of it as anybody wants to see. */
function short(text: string | undefined): string | undefined {
  return text?.trim().slice(0, maxTextLength) || undefined;
}

/** Values as a shell reads them: quoted or not, with backslashes. dracut appends its own version to those of initrds. */
export function parseOsRelease(text: string): OsRelease | undefined {
  const values = new Map<string, string>();
  for (const [, key = '', quoted, bare = ''] of text.matchAll(/^([A-Z_]+)=(?:"((?:[^"\\]|\\.)*)"|(.*))$/gm)) {
    values.set(key, (quoted ?? bare.replace(/^'(.*)'$/, '$1')).replace(/\\(.)/g, '$1'));
  }
  const plain = (key: string) => short(short(values.get(key))?.replace(/[ -]?dracut-\S+(?: \(Initramfs\))?$/, ''));
  const name = plain('NAME') ?? plain('PRETTY_NAME') ?? plain('ID');
  if (name === undefined) return undefined;
  return { name, id: plain('ID'), version: plain('VERSION_ID') };
}

/** `[general]` of .treeinfo, as Anaconda's installers have it. */
export function parseTreeInfo(text: string): OsRelease | undefined {
  const section = /^\[(?:general|release)\]\s*$([^[]*)/m.exec(text)?.[1] ?? '';
  const value = (key: string) => short(new RegExp(`^${key}\\s*=\\s*(.+)$`, 'm').exec(section)?.[1]);
  const name = value('family') ?? value('name');
  return name === undefined ? undefined : { name, id: undefined, version: value('version') };
}

/** One line, such as `Ubuntu-Server 24.04.1 LTS "Noble Numbat" - Release amd64 (20240827)`. */
export function parseDiskInfo(text: string): OsRelease | undefined {
  const [, name, version] = /^(.*?)(?:\s+v?(\d[\w.]*).*)?$/m.exec(short(text.split('\n', 1)[0]) ?? '') ?? [];
  const shortName = short(name);
  return shortName === undefined ? undefined : { name: shortName, id: undefined, version: short(version) };
}
