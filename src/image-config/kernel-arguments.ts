import { BootwrightError } from '../errors.ts';
import { rejectKind } from './sections.ts';
import { splitWords } from './words.ts';
import type { YamlDocument } from './yaml-document.ts';
import type { Entry, Value } from './yaml-value.ts';

const control = /\p{Cc}/u;

/**
 * `extraCommandLine`: a list of arguments, of which an item may hold several; or, as in the versions up to 0.7 of Azure
 * Linux Image Customizer, one text with all of them, quoted as GRUB wants it. Returns single words without quotes.
 *
 * @throws IMAGE_YAML_BAD_KERNEL_ARGUMENT or IMAGE_YAML_WRONG_KIND.
 */
export function readKernelArguments(key: string, entry: Entry | undefined, document: YamlDocument): string[] {
  const value = entry?.value;
  if (value === undefined || value.kind === 'nothing') return [];
  if (value.kind === 'text') return wordsOf(value.text, { value, index: undefined, document });
  if (value.kind === 'list') return value.items.flatMap((item, index) => wordsOfItem(key, item, index, document));
  return rejectKind(key, value, 'a list of kernel arguments', document.place(value.at));
}

function wordsOfItem(key: string, item: Value, index: number, document: YamlDocument): string[] {
  if (item.kind === 'list' || item.kind === 'section') {
    rejectKind(key, item, 'a list of texts, such as console=ttyS0', document.place(item.at));
  }
  return wordsOf(item.kind === 'text' ? item.text : '', { value: item, index, document });
}

interface Place {
  readonly value: Value;
  /** Of an item in a list; undefined for one text with all arguments. */
  readonly index: number | undefined;
  readonly document: YamlDocument;
}

function wordsOf(text: string, { value, index, document }: Place): string[] {
  const reject = (reason: string): never => {
    throw new BootwrightError('IMAGE_YAML_BAD_KERNEL_ARGUMENT', { where: document.place(value.at), reason });
  };
  const isItem = index !== undefined;
  if (!isItem && /[$`]/.test(text)) reject('the extraCommandLine value contains invalid characters');
  const words = splitWords(text, { escapes: !isItem });
  if (typeof words === 'string') return reject(words);
  if (words.includes('') || (isItem && words.length === 0))
    reject(`kernel argument cannot be empty at index ${index ?? 0}`);
  if (words.some((word) => control.test(word))) reject('a kernel argument holds a control character');
  return words;
}
