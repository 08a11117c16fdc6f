import { execa } from 'execa';
import { missingPackages } from '../liveos/missing.ts';
import { imagePackages, machinePackages } from '../liveos/packages.ts';
import type { Story } from './story.ts';

const apt = { env: { DEBIAN_FRONTEND: 'noninteractive' }, stdin: 'ignore' } as const;

/** Installs what the image and the machine need and is not here, and says what that was. */
export async function installPackages(story: Story): Promise<void> {
  const needed = [...imagePackages, ...machinePackages];
  const missing = await missingPackages(needed);
  if (missing.length > 0) {
    story.tell('Packages', 'missing here, so apt-get installs');
    for (const name of missing) story.tell('Packages', `  ${name}`);
    story.running('Packages', 'reading the list of packages');
    await execa('apt-get', ['-q', 'update'], apt);
    story.running('Packages', 'installing');
    await execa('apt-get', ['-q', 'install', '--yes', '--no-install-recommends', ...missing], apt);
  }
  story.tell('Packages', `all ${needed.length} that it needs are here`);
}
