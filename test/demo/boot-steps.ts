import { basename } from 'node:path';
import { formatBytes, formatDuration } from '../../src/format.ts';
import type { LogLine } from '../boot/server.ts';
import type { Story } from './story.ts';

/** What the files of a release are to a person, by their names. */
const meanings: Readonly<Record<string, { readonly step: string; readonly what: string }>> = {
  'bootx64.efi': { step: 'Loaders', what: 'shim' },
  'grubx64.efi': { step: 'Loaders', what: 'GRUB' },
  'grub.cfg': { step: 'Menu', what: 'for this machine' },
  vmlinuz: { step: 'Kernel', what: 'Linux' },
  'initrd.img': { step: 'Initrd', what: 'fetches the image' },
  'liveos.iso': { step: 'ISO', what: 'the whole system' },
};

/** What comes after a file, and takes a while. */
const next: Readonly<Record<string, readonly [step: string, text: string]>> = {
  'grub.cfg': ['Kernel', 'on its way'],
  vmlinuz: ['Initrd', 'on its way'],
  'initrd.img': ['Linux', 'starting'],
  'liveos.iso': ['System', 'starting'],
};

/** Tells each step of one machine's boot, as the server reports it. */
export function tellBootSteps(story: Story): (line: LogLine) => void {
  const told = new Set<string>();
  return (line) => {
    if (line.step === 'acknowledged') {
      story.tell(
        'DHCP',
        `${line.mac} has ${line.address}${line.bootFile === undefined ? ', again, now for Linux' : ''}`,
      );
      if (line.bootFile !== undefined) story.tell('DHCP', `and boots ${line.bootFile}`);
    }
    if (line.step !== 'served' || line.outcome !== 'complete') return;
    const name = basename(line.path);
    const meaning = meanings[name];
    // shim fetches GRUB twice: it asks for its size by fetching.
    if (meaning === undefined || told.has(name)) return;
    told.add(name);
    const how = `${formatBytes(line.sizeBytes)}, ${line.protocol.toUpperCase()}, ${formatDuration(line.durationMs)}`;
    story.tell(meaning.step, `${name}, ${meaning.what} (${how})`);
    const after = next[name];
    if (after !== undefined) story.running(...after);
  };
}
