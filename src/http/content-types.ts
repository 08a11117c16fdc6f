/** UEFI HTTP Boot goes by the type, or by the name's ending where it is one of these (UEFI 2.10 §24.7.3.1). */
const types: Readonly<Record<string, string>> = {
  efi: 'application/efi',
  iso: 'application/vnd.efi-iso',
  img: 'application/vnd.efi-img',
  cfg: 'text/plain; charset=utf-8',
  json: 'application/json; charset=utf-8',
  sh: 'text/x-shellscript; charset=utf-8',
  txt: 'text/plain; charset=utf-8',
  yaml: 'application/yaml',
};

export function contentType(path: string): string {
  const ending = /\.([a-z0-9]+)$/i.exec(path)?.[1]?.toLowerCase() ?? '';
  return types[ending] ?? 'application/octet-stream';
}
