import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { expandBls } from '../../src/grub/expand-bls.ts';
import { renderGrubConfig } from '../../src/grub/render.ts';
import { rewriteForPxe } from '../../src/grub/rewrite.ts';
import { rewriteForDisc } from '../../src/grub/rewrite-disc.ts';
import { describeWith } from '../support/programs.ts';
import { type Golden, goldens } from './golden-configs.ts';

const folder = join(import.meta.dirname, 'configs');
const read = (name: string) => readFileSync(join(folder, name), 'latin1');

/** Holds a text against its golden file; `UPDATE=1` writes that anew, to be looked at. */
function expectFile(name: string, text: string): void {
  if (process.env['UPDATE'] === '1') writeFileSync(join(folder, name), text, 'latin1');
  expect(text).toBe(read(name));
}

function expanded({ name, bls }: Golden): string {
  if (bls === undefined) return read(`${name}.cfg`);
  const entries = readdirSync(join(folder, `${name}.entries`)).map((file) => ({
    path: `boot/loader/entries/${file}`,
    text: read(`${name}.entries/${file}`),
  }));
  return expandBls(read(`${name}.cfg`), { ...bls, entries });
}

describe.each(goldens)('$name', (golden) => {
  const { name, rewrite, disc, render } = golden;
  const text = expanded(golden);

  if (golden.bls !== undefined) {
    it('has its boot loader entries in the menu', () => {
      expectFile(`${name}.expanded.cfg`, text);
      expect(expandBls(text, { entries: [] })).toBe(text);
    });
  }

  it('is rewritten for PXE, and stays so when rewritten again', () => {
    const rewritten = rewriteForPxe(text, rewrite).text;
    expectFile(`${name}.pxe.cfg`, rewritten);
    expect(rewriteForPxe(rewritten, rewrite).text).toBe(rewritten);
  });

  it('is rewritten for a disc, and stays so when rewritten again', () => {
    const rewritten = rewriteForDisc(text, disc).text;
    expectFile(`${name}.disc.cfg`, rewritten);
    expect(rewriteForDisc(rewritten, disc).text).toBe(rewritten);
  });

  it('is rendered for a machine, and stays so when rendered again', () => {
    const rendered = renderGrubConfig(read(`${name}.pxe.cfg`), render);
    expectFile(`${name}.rendered.cfg`, rendered);
    expect(renderGrubConfig(rendered, render)).toBe(rendered);
  });
});

describeWith({ programs: ['grub-script-check'] }, 'GRUB accepts every golden configuration', () => {
  const steps = ['', '.expanded', '.pxe', '.disc', '.rendered'];
  const names = goldens.flatMap(({ name }) => steps.map((step) => `${name}${step}.cfg`));
  it.each(names.filter((name) => existsSync(join(folder, name))))('%s', (name) => {
    expect(() => execFileSync('grub-script-check', [join(folder, name)], { stdio: 'pipe' })).not.toThrow();
  });
});
