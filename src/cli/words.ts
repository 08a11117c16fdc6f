/** Splits kernel arguments at white space, but not inside double quotes, as the kernel does (lib/cmdline.c). */
export function splitWords(text: string): string[] {
  return text.match(/(?:"[^"]*"|[^\s"])+/g) ?? [];
}
