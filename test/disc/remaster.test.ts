import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { remaster } from '../../src/disc/remaster.ts';
import { describeWith } from '../support/programs.ts';
import {
  bootImagesOf,
  bootReport,
  contentOf,
  type DiscKind,
  discFolder,
  discKinds,
  discPrograms,
  efiImage,
  file,
  listed,
  makeDisc,
  noise,
} from './discs.ts';

/** The bytes where loaders keep the addresses of their own blocks. */
function withoutAddresses(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  return copy.fill(0, 8, 64).fill(0, 2548, 2556);
}

const changes = {
  label: 'NEW-1.0_x',
  put: [
    file('boot/grub2/grub-pxe.cfg', 'linux root=live:http://h/x.iso\n'),
    file('boot/grub2/grub.cfg', 'search --label NEW-1.0_x\n', 0o600),
    file('bootwright/saved/image.yaml', 'iso: {}\n'),
    file('empty', ''),
  ],
  remove: ['artifacts/tools', 'not/there'],
};

describeWith({ programs: discPrograms }, 'an ISO that is written anew', () => {
  for (const kind of discKinds) {
    test(`has its files as they are meant to be (${kind})`, async () => {
      const folder = discFolder();
      const input = makeDisc(folder, kind);
      const output = join(folder, 'out.iso');
      const before = listed(input);
      expect(await remaster(input, changes, output)).toEqual({ unchanged: false });
      expect(readdirSync(folder).sort()).toEqual([`${kind}.iso`, 'out.iso'].sort());

      const paths = [...changes.put.map(({ path }) => path), 'artifacts/tools', 'artifacts/tools/run.sh'];
      const isOther = (row: string) => !paths.some((path) => row.toLowerCase().startsWith(`${path} `.toLowerCase()));
      const after = listed(output);
      const isNewFolder = (row: string) => /^bootwright(\/saved)? drwxr-xr-x$/.test(row);
      const isCatalog = (row: string) => /^boot\.cat/i.test(row);
      // Without Rock Ridge, programs show modes of their own.
      const isRock = kind !== 'joliet' && kind !== 'plain';
      const shown = (row: string) => (isRock ? row : row.replace(/ [d-][rwx-]{9}/, ''));
      // Capitals of plain ISO9660 become what Linux and GRUB showed of them, who now see the names themselves.
      const named = (row: string) => (kind === 'plain' ? row.toLowerCase() : row);
      expect(after.filter((row) => isOther(row) && !isNewFolder(row) && !isCatalog(row)).map(shown)).toEqual(
        before.filter((row) => isOther(row) && !isCatalog(row)).map((row) => named(shown(row))),
      );
      const config = 'boot/grub2/grub.cfg';
      expect(after).toContain(`${config} -rw------- 25`);
      expect(contentOf(output, config).toString()).toBe('search --label NEW-1.0_x\n');
      expect(after).toContain('empty -rw-r--r-- 0');
      expect(after.filter(isNewFolder)).toHaveLength(2);
      expect(contentOf(output, 'boot/vmlinuz').equals(noise(70_000))).toBe(true);
    });

    test(`boots from what it booted from (${kind})`, async () => {
      const folder = discFolder();
      const input = makeDisc(folder, kind);
      const output = join(folder, 'out.iso');
      await remaster(input, changes, output);
      const reported = (path: string) => bootReport(path).map((row) => (kind === 'plain' ? row.toLowerCase() : row));
      expect(reported(output)).toEqual(reported(input));
      const [before, after] = [await bootImagesOf(input), await bootImagesOf(output)];
      expect(after.map(withoutAddresses)).toEqual(before.map(withoutAddresses));
      expect(after.at(-1)?.equals(Buffer.from(efiImage()))).toBe(true);
      const [mbrBefore, mbrAfter] = [readFileSync(input), readFileSync(output)].map((bytes) => bytes.subarray(0, 446));
      // Where the boot code finds its loader (432 to 439).
      expect(mbrAfter?.subarray(0, 432)).toEqual(mbrBefore?.subarray(0, 432));
      expect(mbrAfter?.subarray(440)).toEqual(mbrBefore?.subarray(440));
    });

    test(`is the same once more, and when it is made of itself (${kind})`, async () => {
      const folder = discFolder();
      const input = makeDisc(folder, kind);
      const [first, second, third] = ['1.iso', '2.iso', '3.iso'].map((name) => join(folder, name)) as [
        string,
        string,
        string,
      ];
      await remaster(input, changes, first);
      await remaster(input, changes, second);
      expect(readFileSync(second).equals(readFileSync(first))).toBe(true);
      expect(await remaster(first, changes, third)).toEqual({ unchanged: true });
      expect(readdirSync(folder)).not.toContain('3.iso');
    });
  }

  test('has its label in both volume descriptors, and the date of the image', async () => {
    const folder = discFolder();
    const input = makeDisc(folder, 'disc');
    const output = join(folder, 'out.iso');
    await remaster(input, changes, output);
    const info = (path: string) => execFileSync('isoinfo', ['-d', '-i', path], { encoding: 'utf8' });
    expect(info(output)).toContain('Volume id: NEW-1.0_x');
    expect(info(output)).toMatch(/Joliet with UCS level 3 found[\s\S]*Rock Ridge signatures version 1 found/);
    const dates = (path: string) =>
      readFileSync(path)
        .subarray(16 * 2048 + 813, 16 * 2048 + 847)
        .toString('latin1');
    expect(dates(output)).toBe(dates(input));
    const joliet = execFileSync('isoinfo', ['-J', '-f', '-i', output], { encoding: 'utf8' });
    expect(joliet).toContain('/bootwright/saved/image.yaml\n');
  });

  test('keeps its label without another one, and everything but the checksum without a change', async () => {
    const folder = discFolder();
    const input = makeDisc(folder, 'hybrid');
    const output = join(folder, 'out.iso');
    expect(await remaster(input, { put: [], remove: [] }, output)).toEqual({ unchanged: false });
    const [before, after] = [readFileSync(input), readFileSync(output)];
    before.fill(0, 16 * 2048 + 883, 16 * 2048 + 1395);
    after.fill(0, 16 * 2048 + 883, 16 * 2048 + 1395);
    expect(after.equals(before)).toBe(true);
    expect(
      await remaster(output, { put: [file('boot/vmlinuz', noise(70_000), 0o755)], remove: [] }, '/nowhere'),
    ).toEqual({
      unchanged: true,
    });
  });

  test('takes a boot image that is put, and boots from that', async () => {
    const folder = discFolder();
    const input = makeDisc(folder, 'hybrid');
    const output = join(folder, 'out.iso');
    const other = noise(5_000_000);
    await remaster(input, { put: [file('boot/grub2/efiboot.img', other)], remove: [] }, output);
    const images = await bootImagesOf(output);
    expect(images[1]?.subarray(0, other.byteLength).equals(other)).toBe(true);
  });

  test('takes names that mean something to shells and to xorriso for names', async () => {
    const folder = discFolder();
    const input = makeDisc(folder, 'disc');
    const output = join(folder, 'out.iso');
    const names = [
      '-outdev',
      '--',
      '-rm_r',
      "'; rm -rf * ;'",
      '"quoted" \\101 \\',
      'two\nlines\n-rollback_end',
      '*',
      '[x]?',
      '#comment',
      '$HOME `id` %s',
      'größe 文件 🙂',
      'tab\tand\rreturn',
      ' ends with a space ',
      'n'.repeat(255),
    ];
    await remaster(input, { put: names.map((name) => file(`-dir '*/${name}`, name)), remove: [] }, output);
    const again = join(folder, 'again.iso');
    await remaster(output, { put: [], remove: names.slice(3).map((name) => `-dir '*/${name}`) }, again);
    expect(listed(again).filter((row) => row.startsWith('-dir'))).toEqual([
      "-dir '* drwxr-xr-x",
      "-dir '*/-- -rw-r--r-- 2",
      "-dir '*/-outdev -rw-r--r-- 7",
      "-dir '*/-rm_r -rw-r--r-- 5",
    ]);
    expect(listed(again)).toContain('boot/vmlinuz -rwxr-xr-x 70000');
  });

  test('is the same for everybody, everywhere, at any time', async () => {
    const folder = discFolder();
    const input = makeDisc(folder, 'hybrid');
    const module = join(import.meta.dirname, '../../src/disc/remaster.ts');
    const code = `
      const { remaster } = await import(${JSON.stringify(module)});
      const put = ['b', 'a/c', 'a/b'].map((path) => ({ path, mode: 0o640, sizeBytes: 3, open: () => ({
        sizeBytes: 3, close: async () => {}, read: async (into, at) => (at > 0 ? 0 : (into.set([1, 2, 3]), 3)) }) }));
      await remaster(process.argv[1], { label: 'SAME', put, remove: ['artifacts'] }, process.argv[2]);`;
    const asOther = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
    const run = (output: string, cwd: string, env: Record<string, string>, who: object = {}) =>
      execFileSync(process.execPath, ['--input-type=module', '-e', code, input, output], {
        cwd,
        env: { PATH: process.env['PATH'] ?? '', ...env },
        ...who,
      });
    run(join(folder, '1.iso'), '/', { TZ: 'America/St_Johns' });
    await new Promise((resolve) => setTimeout(resolve, 1100));
    chmodSync(folder, 0o777);
    const other = { TZ: 'Asia/Tokyo', LC_ALL: 'C', SOURCE_DATE_EPOCH: '1', HOME: folder };
    run(join(folder, '2.iso'), folder, other, asOther);
    expect(readFileSync(join(folder, '2.iso')).equals(readFileSync(join(folder, '1.iso')))).toBe(true);
  });

  test('holds what any small changes leave', async () => {
    const folder = discFolder();
    const kinds: DiscKind[] = ['disc', 'appended'];
    for (const kind of kinds) makeDisc(folder, kind);
    const name = fc.constantFrom('a', 'b', 'C', 'artifacts', 'boot', 'größe 1.txt', 'new', 'tools', '-x');
    const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join('/'));
    const put = fc.record({ path, size: fc.nat(9000), mode: fc.constantFrom(0o644, 0o755, 0o400, 0o4711) });
    const arbitrary = fc.record({
      kind: fc.constantFrom(...kinds),
      put: fc.array(put, { maxLength: 5 }),
      remove: fc.array(path, { maxLength: 3 }),
    });
    let count = 0;
    await fc.assert(
      fc.asyncProperty(arbitrary, async ({ kind, put, remove }) => {
        const input = join(folder, `${kind}.iso`);
        const output = join(folder, `out-${count++}.iso`);
        const files = put.map(({ path, size, mode }) => file(path, noise(size, size + 1), mode));
        const isRefused = await remaster(input, { put: files, remove }, output).then(
          () => false,
          (error: unknown) => {
            expect(error).toMatchObject({ code: 'DISC_PATH_INVALID' });
            return true;
          },
        );
        if (isRefused) return;
        const last = new Map(files.map((one) => [one.path, one]));
        const rows = listed(output);
        for (const { path, sizeBytes } of last.values()) {
          expect(rows.find((row) => row.startsWith(`${path} -`))).toMatch(new RegExp(` ${sizeBytes}$`));
        }
        const isUnder = (row: string, folderPath: string) =>
          row.startsWith(`${folderPath} `) || row.startsWith(`${folderPath}/`);
        const isPut = (row: string) =>
          [...last.keys()].some((each) => isUnder(row, each) || each.startsWith(row.split(' d')[0] ?? ''));
        const kept = listed(input).filter((row) => !remove.some((each) => isUnder(row, each)) && !isPut(row));
        expect(rows).toEqual(expect.arrayContaining(kept));
        expect(bootReport(output)).toEqual(bootReport(input));
      }),
      { numRuns: 12, seed: 20_26 },
    );
  });

  test('stays where it is if something has the name of the output', async () => {
    const folder = discFolder();
    const input = makeDisc(folder, 'disc');
    const output = join(folder, 'out.iso');
    copyFileSync(input, output);
    await expect(remaster(input, changes, output)).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE' });
    expect(readFileSync(output).equals(readFileSync(input))).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(['disc.iso', 'out.iso']);
  });
});
