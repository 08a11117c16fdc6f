import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { formatBytes } from '../../src/format.ts';
import { startServer } from '../boot/server.ts';
import { smallImage } from './small-image.ts';
import type { Story } from './story.ts';

const program = join(import.meta.dirname, '../../bin/bootwright.js');
/** High ones: the real ports belong to root, and may be taken. */
const ports = ['--dhcp-port', '16767', '--tftp-port', '16969'];
const httpPort = ['--http-port', '18080'];
const range = '127.0.0.100-127.0.0.109';

/** The same road on the loopback, without root, with an image made on the spot and with the probe as the machine. */
export async function walkWithProbe(story: Story): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'bootwright-demo-'));
  try {
    const place = { folder, enter: [] };
    story.running('Server', 'starting');
    const args = ['--interface', 'lo', '--range', range, ...ports, ...httpPort];
    const server = await startServer({ place, args });
    story.tell('Server', `bootwright serve --interface lo --range ${range}`);
    story.tell('Server', `  ${[...ports, ...httpPort].join(' ')}`);
    try {
      const image = smallImage();
      await writeFile(join(server.images, 'liveos.iso'), image);
      story.tell('Image', `made here: all in its place, nothing in it runs (${formatBytes(image.length)})`);
      story.running('Release', 'liveos.iso was put into images/');
      const { releaseId } = await server.waitFor('published', 60_000);
      story.tell('Release', `liveos.iso in images/ became ${releaseId}`);
      story.tell('Machine', `bootwright probe --interface lo ${ports.join(' ')}\n`);
      await execa(process.execPath, [program, 'probe', '--interface', 'lo', ...ports], {
        stdio: 'inherit',
        cwd: folder,
      });
    } finally {
      await server.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
