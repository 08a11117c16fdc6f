import { execa } from 'execa';

/** Those of the Debian packages that are not installed here; all of them where there is no dpkg. */
export async function missingPackages(packages: readonly string[]): Promise<readonly string[]> {
  const format = `--showformat=\${Package} \${db:Status-Status}\n`;
  const { stdout } = await execa('dpkg-query', ['--show', format, ...packages], { reject: false });
  const installed = new Set((stdout ?? '').split('\n').map((line) => line.replace(/ installed$/, '')));
  return packages.filter((name) => !installed.has(name));
}
