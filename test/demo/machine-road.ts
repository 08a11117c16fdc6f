import { copyFile, mkdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { formatBytes } from '../../src/format.ts';
import { hasHardwareAcceleration } from '../boot/accelerator.ts';
import { createLan } from '../boot/lan.ts';
import { startMachine } from '../boot/machine.ts';
import { startServer } from '../boot/server.ts';
import { liveosImage } from '../liveos/make.ts';
import { tellBootSteps } from './boot-steps.ts';
import { showDownload } from './download.ts';
import { installPackages } from './install.ts';
import type { Story } from './story.ts';

const mac = '52:54:00:b0:07:00';
const checkout = join(import.meta.dirname, '../..');
const serialLog = join(checkout, '.cache/demo/serial.log');

/** From nothing to the login prompt of a UEFI machine that enforces Secure Boot. Removes everything it starts. */
export async function bootMachine(story: Story): Promise<void> {
  await installPackages(story);

  story.running('Image', 'making a LiveOS from Debian packages');
  const image = await liveosImage('signed', (doing) => story.running('Image', doing));
  const { size } = await stat(image);
  story.tell('Image', `${relative(checkout, image)} (${formatBytes(size)})`);

  const lan = await createLan();
  try {
    story.tell('Network', 'a namespace with a switch in it; nothing leaves it');

    story.running('Server', 'starting');
    const server = await startServer({
      place: lan,
      args: ['--interface', lan.interface, '--range', '10.99.0.50-10.99.0.60'],
      onLine: tellBootSteps(story),
    });
    story.tell('Server', `bootwright serve --interface ${lan.interface} --range 10.99.0.50-10.99.0.60`);
    await copyFile(image, join(server.images, 'liveos.iso'));
    story.running('Release', 'liveos.iso was put into images/');
    const { releaseId } = await server.waitFor('published', 120_000);
    story.tell('Release', `liveos.iso in images/ became ${releaseId}`);

    await mkdir(join(serialLog, '..'), { recursive: true });
    const how = (await hasHardwareAcceleration()) ? 'with KVM' : 'emulated in software, since KVM does not work here';
    story.tell('Machine', `QEMU, ${how}`);
    story.tell('Machine', 'power on: UEFI, Secure Boot enforced, no disk');
    story.running('Firmware', 'starting');
    const { console } = await startMachine({ lan, secureBoot: true, from: { mac }, serialLog });
    const [, version] = await console.waitFor(/Linux version (\S+) /, 240_000);
    story.tell('Linux', `${version} runs`);
    story.running('Linux', 'its initrd looks for the network');
    await showDownload(console, story, () =>
      server.lines.some((line) => line.step === 'served' && line.path.endsWith('.iso') && line.outcome === 'complete'),
    );
    await console.waitFor(/BOOTWRIGHT-BOOTED .*\n/, 240_000);
    const [, secureBoot] = await console.waitFor(/BOOTWRIGHT-SECURE-BOOT (\w+)/, 1000);
    story.tell('System', `runs from the image in memory; Secure Boot ${secureBoot}`);
    story.running('System', 'starting its services');
    const [prompt] = await console.waitFor(/\S+ login: /, 120_000);
    story.tell('Login', prompt.trim());
  } finally {
    await lan.remove();
  }
}
