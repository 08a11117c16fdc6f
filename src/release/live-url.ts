import { BootwrightError } from '../errors.ts';

/** What curl in dracut's livenet fetches; nfs where the image's dracut has the module for it. */
const schemes = ['http', 'https', 'ftp', 'tftp', 'nfs'];

/** What `root=live:` points at: an ISO with the live filesystem in it, or that filesystem itself. */
export type LiveKind = 'iso' | 'squashfs';

/**
 * Checks a URL of a live image: a scheme that dracut knows, and a name that dracut reads as it should. What ends in
 * `.iso` is attached to a loop device and looked through for the live filesystem; everything else is taken for that
 * filesystem (dracut: livenetroot.sh of module livenet). Throws LIVE_URL_SCHEME, LIVE_URL_NOT_ISO,
 * LIVE_URL_NOT_SQUASHFS or LIVE_URL_INVALID.
 */
export function checkLiveUrl(text: string, kind: LiveKind): string {
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
  if (!text.startsWith(`${scheme}://`) || text.endsWith(' ')) {
    throw new BootwrightError('LIVE_URL_INVALID', { url: text });
  }
  const isIso = url.pathname.endsWith('.iso');
  if (kind === 'iso' && !isIso) throw new BootwrightError('LIVE_URL_NOT_ISO', { url: text });
  // curl saves it under the last part of the URL, and without one not at all.
  if (kind === 'squashfs' && (isIso || url.pathname.endsWith('/'))) {
    throw new BootwrightError('LIVE_URL_NOT_SQUASHFS', { url: text });
  }
  return text;
}

/** A path of a release as a reference (RFC 3986 §4.2) that means the same file from the root of the release. */
export function relativeReference(path: string): string {
  const strictly = (char: string) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`;
  return path
    .toWellFormed()
    .split('/')
    .map((part) => encodeURIComponent(part).replace(/[!'()*]/g, strictly))
    .join('/');
}

/** The URL of a file below a base, which may end in `/` or not. */
export function joinUrl(base: string, path: string): string {
  return `${base.replace(/\/+$/, '')}/${relativeReference(path)}`;
}
