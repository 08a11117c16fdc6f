import { BootwrightError } from '../errors.ts';
import { shown } from './yaml-value.ts';

/** What dracut's livenet fetches by, in the order in which Azure Linux Image Customizer tells them. */
const protocols = ['ftp://', 'http://', 'https://', 'nfs://', 'tftp://'];

const control = /\p{Cc}/u;

/** A URL's server and path, the rest of it being a query and a fragment. `new URL` takes `http:///a` for a server `a`. */
function partsOf(url: string): { server: string; path: string; rest: string } {
  const [, server = '', path = '', rest = ''] = /^[a-z]+:\/\/([^/?#]*)([^?#]*)(.*)$/s.exec(url) ?? [];
  return { server, path, rest };
}

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
  if (!URL.canParse(text) || partsOf(text).server === '') invalid('it names no server that there can be');
  return text;
}

/**
 * The name of the file that a URL ends in, decoded, without a query: what the ISO must be called.
 *
 * @throws IMAGE_YAML_URL_INVALID.
 */
export function fileNameOf(url: string, where: string): string {
  const name = decoded(partsOf(url).path.split('/').at(-1) as string);
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
  const { rest } = partsOf(base);
  const before = base.slice(0, base.length - rest.length).replace(/\/+$/, '');
  return `${before}/${encodeURIComponent(file)}${rest}`;
}
