/**
 * Permission bits from their octal text, such as `644`; a text where it is none, in the words of Azure Linux Image
 * Customizer.
 */
export function parsePermissions(text: string): number | string {
  const bits = /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : Number.NaN;
  if (Number.isNaN(bits)) return `failed to parse filePermissions: ${JSON.stringify(text.slice(0, 40))} is not octal`;
  if (bits > 0xffff_ffff) return `failed to parse filePermissions: ${JSON.stringify(text.slice(0, 40))} is too large`;
  return bits > 0o777 ? `0o${bits.toString(8)} contains non-permission bits` : bits;
}
