import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { promptsOf } from '../../src/grub/prompts.ts';

const live = (args: string) => `set timeout=0\nmenuentry a { linux /k ${args}; initrd /i; }`;
const kinds = (text: string) => promptsOf(text).map(({ kind, what }) => `${kind}: ${what}`);

describe('what waits for a person', () => {
  it.each([
    [live('root=live:http://h/a.iso rd.live.image rd.live.overlay=1'), ['overlay: rd.live.overlay=1']],
    [live('rd.live.overlay=1 rd.live.overlay.overlayfs'), ['overlay: rd.live.overlay=1']],
    [live('rd.live.overlay=1 rd.live.overlay.nouserconfirmprompt'), []],
    [live('rd.live.overlay=1 rd.live.overlay.nouserconfirmprompt=0'), ['overlay: rd.live.overlay=1']],
    [live('rd.live.overlay.overlayfs rd.live.ram'), []],
    [live('rd.break=pre-mount'), ['shell: rd.break=pre-mount']],
    [live('systemd.confirm_spawn=1'), ['confirmation: systemd.confirm_spawn=1']],
    [live('systemd.confirm_spawn=no rd.shell'), []],
    [live('single systemd.unit=rescue.target'), ['shell: single', 'shell: systemd.unit=rescue.target']],
    [live('init=/bin/bash rd.luks.uuid=1'), ['shell: init=/bin/bash', 'passphrase: rd.luks.uuid=1']],
    [`${live('')}\nmenuentry b { linux /b rd.break; }`, []],
    ['menuentry a { linux /k }', ['menu: no timeout']],
    ['menuentry a { linux /k }\nset timeout=-1', ['menu: timeout=-1']],
    ['menuentry a { linux /k }\nset timeout=$t', []],
    ['linux /k\nboot', []],
    [`read answer\n${live('')}`, ['input: read answer']],
    [`${live('')}\nmenuentry b { read x; linux /b; }`, []],
    ['timeout=0; menuentry a { read x; linux /k; }', ['input: read x']],
    [`cryptomount -u 12\n${live('')}`, ['passphrase: cryptomount -u 12']],
    [`cryptomount -k /key -u 12\n${live('')}`, []],
    [`set superusers=""\n${live('')}`, ['password: superusers']],
    ['superusers=root\nset timeout=0\nmenuentry a --unrestricted { linux /k }', []],
    [`if [ -n "$p" ]; then set superusers=root; fi\n${live('')}`, []],
  ])('in %j is %j', (text, expected) => {
    expect(kinds(text)).toEqual(expected);
  });

  it('is nothing in menus as images have them, and is said with its reason', () => {
    const read = (name: string) => readFileSync(join(import.meta.dirname, 'configs', name), 'latin1');
    for (const name of ['azure-linux-4-bls', 'azure-linux-3-pxe', 'azure-linux-2-variables', 'fedora-live']) {
      expect(promptsOf(read(`${name}.rendered.cfg`))).toEqual([]);
    }
    expect(promptsOf(read('by-hand.cfg'))).toEqual([
      { kind: 'menu', what: 'timeout=-1', reason: 'GRUB shows the menu until somebody chooses' },
    ]);
  });
});
