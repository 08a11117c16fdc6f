import { BootwrightError } from '../errors.ts';

/** What curl in dracut's livenet fetches; nfs where the image's dracut has the module for it. */
const schemes = ['http', 'https', 'ftp', 'tftp', 'nfs'];

/**
 * Checks a URL of a live ISO: a scheme that dracut knows, and a path that ends in `.iso`, without which dracut takes
 * the file for a filesystem (dracut: modules.d/90livenet). Throws LIVE_URL_SCHEME, LIVE_URL_NOT_ISO or LIVE_URL_INVALID.
 */
export function checkLiveUrl(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch (cause) {
    throw new BootwrightError('LIVE_URL_INVALID', { url: text }, { cause });
  }
  // As it is written: dracut compares it letter by letter, and knows no "HTTP".
  const scheme = text.slice(0, url.protocol.length - 1);
  if (!schemes.includes(scheme)) {
    throw new BootwrightError('LIVE_URL_SCHEME', { url: text, scheme, schemes: schemes.join(', ') });
  }
  // URL drops white space at the ends, which dracut would not: for it, the name would end in something after ".iso".
  if (!text.startsWith(`${scheme}://`) || text.endsWith(' '))
    throw new BootwrightError('LIVE_URL_INVALID', { url: text });
  if (!url.pathname.endsWith('.iso')) throw new BootwrightError('LIVE_URL_NOT_ISO', { url: text });
  return text;
}

/** The URL of a file below a base, which may end in `/` or not. */
export function joinUrl(base: string, file: string): string {
  return `${base.replace(/\/+$/, '')}/${encodeURIComponent(file)}`;
}
