const control = /\p{Cc}/u;

/** What Linux allows for one name. */
const longestName = 255;
const longestPath = 1024;

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}

/**
 * The clean, relative form of a destination such as `/cloud-init-data//user-data`; or `undefined` and why there is
 * none. The empty text is for the caller to reject.
 */
export function cleanDestination(text: string): { path: string } | { fault: string } {
  const parts = text.split('/').filter((part) => part !== '' && part !== '.');
  const fault = faultOf(text, parts);
  return fault === undefined ? { path: parts.join('/') } : { fault };
}

function faultOf(text: string, parts: readonly string[]): string | undefined {
  if (control.test(text)) return 'it holds a control character';
  if (parts.includes('..')) return 'it leads out of the output by ".."';
  if (parts.length === 0 || /\/\.?$/.test(text)) return 'it names a folder, not a file';
  if (parts.some((part) => bytesOf(part) > longestName)) return `a name in it is longer than ${longestName} bytes`;
  if (bytesOf(parts.join('/')) > longestPath) return `it is longer than ${longestPath} bytes`;
  return undefined;
}
