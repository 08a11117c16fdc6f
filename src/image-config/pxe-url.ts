import { BootwrightError } from '../errors.ts';
import { shown } from './yaml-value.ts';

/** What dracut's livenet fetches by, in the order in which Azure Linux Image Customizer tells them. */
const protocols = ['ftp://', 'http://', 'https://', 'nfs://', 'tftp://'];

const control = /\p{Cc}/u;

/**
 * Checks a base URL or the URL of an ISO. `where` says where it was given.
 *
 * @throws IMAGE_YAML_URL_INVALID or IMAGE_YAML_URL_PROTOCOL.
 */
export function checkPxeUrl(text: string, where: string): string {
  const invalid = (reason: string): never => {
    throw new BootwrightError('IMAGE_YAML_URL_INVALID', { where, url: shown(text), reason });
  };
  if (control.test(text)) invalid('it holds a control character');
  if (!protocols.some((protocol) => text.startsWith(protocol))) {
    throw new BootwrightError('IMAGE_YAML_URL_PROTOCOL', { where, url: text });
  }
  if (/\s$/.test(text)) invalid('it ends in white space');
  if (!URL.canParse(text) || new URL(text).host === '') invalid('it names no server');
  return text;
}

/**
 * The name of the file that a URL ends in, decoded, without a query: what the ISO must be called.
 *
 * @throws IMAGE_YAML_URL_INVALID.
 */
export function fileNameOf(url: string, where: string): string {
  const last = (url.split(/[?#]/, 1)[0] as string).split('/').at(-1) as string;
  const name = decoded(last);
  if (
    name === undefined ||
    name === '' ||
    /^\.\.?$|\/|\p{Cc}/u.test(name) ||
    new TextEncoder().encode(name).length > 255
  ) {
    const reason = 'it ends in no name that a file can have';
    throw new BootwrightError('IMAGE_YAML_URL_INVALID', { where, url: shown(url), reason });
  }
  return name;
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

/** The URL of a file below a base URL, which may end in `/` or not; a query stays at the end. */
export function urlBelow(base: string, file: string): string {
  const [, path, rest] = /^([^?#]*)(.*)$/s.exec(base) as unknown as [string, string, string];
  return `${path.replace(/\/+$/, '')}/${encodeURIComponent(file)}${rest}`;
}
