import { BootwrightError } from '../errors.ts';
import type { AdditionalFile } from './config.ts';
import { cleanDestination } from './destination.ts';
import { parsePermissions } from './permissions.ts';
import { entriesOf, rejectKey, rejectKind } from './sections.ts';
import type { YamlDocument } from './yaml-document.ts';
import { type Entry, shown, type Value } from './yaml-value.ts';

/** What a file in the list may say; the other tool computes the checksum itself, and so do we. */
const fileKeys = {
  destination: 'text',
  source: 'text',
  content: 'text',
  permissions: 'text',
  sha256hash: 'ignored',
} as const;
/** What a destination in the older form may say. */
const targetKeys = { path: 'text', permissions: 'text' } as const;

/** Reads one `additionalFiles`. */
export class FilesReader {
  readonly #key: string;
  readonly #document: YamlDocument;
  readonly #files = new Map<string, AdditionalFile>();
  /** Where each destination was given. */
  readonly #places = new Map<string, number>();
  readonly ignored = new Set<string>();

  constructor(key: string, document: YamlDocument) {
    this.#key = key;
    this.#document = document;
  }

  /**
   * The files of a list, or of the form of the versions before 0.7: sources with one destination or several. Of two
   * with the same destination the later stays, as it would lie over the other.
   *
   * @throws IMAGE_YAML_BAD_FILE, IMAGE_YAML_BAD_DESTINATION, IMAGE_YAML_BAD_PERMISSIONS, IMAGE_YAML_UNKNOWN_KEY
   * or IMAGE_YAML_WRONG_KIND.
   */
  read(entry: Entry | undefined): AdditionalFile[] {
    const value = entry?.value;
    if (value?.kind === 'list') for (const [index, item] of value.items.entries()) this.#listed(item, index);
    else if (value?.kind === 'section') for (const [source, inner] of value.entries) this.#targets(source, inner);
    else if (value?.kind === 'text') rejectKind(this.#key, value, 'a list of files', this.#document.place(value.at));
    for (const [destination, at] of this.#places) this.#checkFolders(destination, at);
    return [...this.#files.values()];
  }

  #checkFolders(destination: string, at: number): void {
    for (let end = destination.lastIndexOf('/'); end > 0; end = destination.lastIndexOf('/', end - 1)) {
      const folder = destination.slice(0, end);
      if (this.#files.has(folder)) this.#rejectDestination(at, destination, `${folder} is a file as well`);
    }
  }

  #reject(at: number, reason: string): never {
    throw new BootwrightError('IMAGE_YAML_BAD_FILE', { where: this.#document.place(at), reason });
  }

  #rejectDestination(at: number, destination: string, reason: string): never {
    const where = this.#document.place(at);
    throw new BootwrightError('IMAGE_YAML_BAD_DESTINATION', { where, destination: shown(destination), reason });
  }

  #text(name: string, entry: Entry | undefined): string | undefined {
    const value = entry?.value;
    if (value === undefined || value.kind === 'nothing') return undefined;
    return value.kind === 'text' ? value.text : rejectKind(name, value, 'text', this.#document.place(value.at));
  }

  #fields(name: string, value: Value, known: typeof fileKeys | typeof targetKeys): ReadonlyMap<string, Entry> {
    const fields = entriesOf(name, value, this.#document);
    for (const [field, { at }] of fields) {
      if (!Object.hasOwn(known, field))
        rejectKey(`${this.#key}.${field}`, this.#document.place(at), { [this.#key]: known });
    }
    return fields;
  }

  #listed(item: Value, index: number): void {
    const name = `${this.#key}[${index}]`;
    const fields = this.#fields(name, item, fileKeys);
    const text = (field: keyof typeof fileKeys) => this.#text(`${name}.${field}`, fields.get(field));
    if (text('sha256hash') !== undefined) this.ignored.add(`${this.#key}.sha256hash`);
    const reject = (reason: string) => this.#reject(item.at, `invalid value at index ${index}: ${reason}`);
    const destination = text('destination') || reject('destination path must not be empty');
    const source = text('source') || undefined;
    const content = text('content');
    if (source === undefined && content === undefined) reject("must specify either 'source' or 'content'");
    if (source !== undefined && content !== undefined) reject("cannot specify both 'source' and 'content'");
    const at = fields.get('destination')?.value.at ?? item.at;
    this.#add(at, destination, { source, content, permissions: this.#permissions(name, fields.get('permissions')) });
  }

  #targets(source: string, { at, value }: Entry): void {
    if (source === '') this.#reject(at, 'invalid source path: cannot be empty');
    const reject = (reason: string) => this.#reject(at, `invalid file configs for (${source}): ${reason}`);
    const targets = value.kind === 'list' ? value.items : value.kind === 'nothing' ? [] : [value];
    if (targets.length === 0) reject('list is empty');
    for (const [index, target] of targets.entries()) {
      const name = `${this.#key}.${source}`;
      const fields = target.kind === 'text' ? undefined : this.#fields(name, target, targetKeys);
      const path = target.kind === 'text' ? target.text : this.#text(`${name}.path`, fields?.get('path'));
      if (path === undefined || path === '')
        reject(`invalid fileConfig at index ${index}: invalid path value: empty string`);
      else
        this.#add(target.at, path, {
          source,
          content: undefined,
          permissions: this.#permissions(name, fields?.get('permissions')),
        });
    }
  }

  #permissions(name: string, entry: Entry | undefined): number | undefined {
    const text = this.#text(`${name}.permissions`, entry);
    if (text === undefined) return undefined;
    const permissions = parsePermissions(text);
    if (typeof permissions === 'number') return permissions;
    const where = this.#document.place(entry?.value.at ?? 0);
    throw new BootwrightError('IMAGE_YAML_BAD_PERMISSIONS', { where, reason: permissions });
  }

  #add(
    at: number,
    destination: string,
    file: { source: string | undefined; content: string | undefined; permissions: number | undefined },
  ): void {
    const clean = cleanDestination(destination);
    if ('fault' in clean) this.#rejectDestination(at, destination, clean.fault);
    if (file.source?.includes('\0')) this.#reject(at, 'a source path holds a NUL');
    this.#places.set(clean.path, at);
    this.#files.delete(clean.path);
    this.#files.set(clean.path, {
      destination: clean.path,
      ...(file.source === undefined ? {} : { source: file.source }),
      ...(file.content === undefined ? {} : { content: file.content }),
      ...(file.permissions === undefined ? {} : { permissions: file.permissions }),
    });
  }
}
