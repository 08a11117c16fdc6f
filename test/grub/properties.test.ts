import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasCode } from '../../src/errors.ts';
import { bootMenu } from '../../src/grub/entries.ts';
import { expandBls } from '../../src/grub/expand-bls.ts';
import { decodeEnvironment } from '../../src/grub/load-env.ts';
import { promptsOf } from '../../src/grub/prompts.ts';
import { redirectTarget } from '../../src/grub/redirect.ts';
import { type RenderOptions, renderGrubConfig } from '../../src/grub/render.ts';
import { type RewriteOptions, rewriteForPxe } from '../../src/grub/rewrite.ts';
import { type DiscOptions, rewriteForDisc } from '../../src/grub/rewrite-disc.ts';
import { tokenize } from '../../src/grub/tokenize.ts';
import { describeWith } from '../support/programs.ts';
import { rubbish, script } from './scripts.ts';

const menuOptions = {
  kernelArguments: fc.subarray([
    ...['console=ttyS0', 'a=$b c', "it's", 'ip=eth0:dhcp', 'rd.live.image', 'root=live:other', 'selinux=1'],
  ]),
  turn: fc.boolean(),
  medium: fc.constantFrom(
    undefined,
    { kindOf: () => 'file' as const },
    { kindOf: () => undefined },
    { kindOf: (path: string) => (path.startsWith('/boot/') ? ('file' as const) : undefined) },
  ),
  environments: fc.constant(
    new Map([['/env', decodeEnvironment('# GRUB Environment Block\nloaded=vmlinuz\na-b=1\nlive=root=live:y\n')]]),
  ),
};

const rewriteOptions: fc.Arbitrary<RewriteOptions> = fc.record({
  ...menuOptions,
  azureDownloader: fc.boolean(),
  liveUrl: fc.constantFrom(undefined, 'http://h/a.iso', 'http://$server/a b.iso?x=1&y={2}#z'),
  variablesInUrl: fc.boolean(),
  from: fc.constantFrom('grub.cfg', 'grub-pxe.cfg'),
});

const discOptions: fc.Arbitrary<DiscOptions> = fc.record({
  ...menuOptions,
  label: fc.constantFrom('CDROM', 'X'),
  fullOs: fc.boolean(),
});

const renderOptions: fc.Arbitrary<RenderOptions> = fc.record(
  {
    releaseId: fc.constantFrom('azl-1', 'debian-12'),
    server: fc.constantFrom({ address: '10.0.0.1', httpPort: 80 }, { address: 'fd00::1', httpPort: 8080 }),
    http: fc.constantFrom('built-in', 'missing', 'unknown'),
    liveUrl: fc.constantFrom('http://h/a.iso', 'http://h/a?b&c'),
    manifestUrl: fc.constantFrom('http://h/manifest.json', 'http://h/x/manifest.json'),
  },
  { requiredKeys: ['releaseId', 'server', 'http'] },
);

/** What a call gives, or undefined where it refuses the script as malformed; anything else is a failure. */
function unlessMalformed<Result>(call: () => Result): Result | undefined {
  try {
    return call();
  } catch (error) {
    if (hasCode(error, 'GRUB_CONFIG_MALFORMED') || hasCode(error, 'BLS_ENTRY_UNUSABLE')) return undefined;
    throw error;
  }
}

describe('any text', () => {
  it('comes out of the tokenizer as it went in', () => {
    fc.assert(
      fc.property(fc.oneof(script, rubbish), (text) => {
        const tokens = unlessMalformed(() => tokenize(text));
        if (tokens !== undefined) expect(tokens.map((token) => token.raw).join('')).toBe(text);
      }),
      { numRuns: 1000, seed: 3 },
    );
  });

  it('is rewritten, rendered and read, or refused as malformed', () => {
    fc.assert(
      fc.property(rubbish, rewriteOptions, renderOptions, (text, rewrite, render) => {
        unlessMalformed(() => rewriteForPxe(text, rewrite));
        unlessMalformed(() => renderGrubConfig(text, render));
        unlessMalformed(() => bootMenu(text));
        unlessMalformed(() => promptsOf(text));
        unlessMalformed(() => redirectTarget(text));
        unlessMalformed(() =>
          rewriteForDisc(text, { ...rewrite, label: 'CDROM', fullOs: rewrite.liveUrl === undefined }),
        );
        unlessMalformed(() =>
          expandBls(`${text}\nblscfg`, { entries: [{ path: 'loader/entries/a.conf', text: `linux ${text}` }] }),
        );
      }),
      { numRuns: 1000, seed: 4 },
    );
  });
});

describe('a script', () => {
  it('that was rewritten is not changed by rewriting it again', () => {
    fc.assert(
      fc.property(script, rewriteOptions, (text, options) => {
        const once = rewriteForPxe(text, options).text;
        expect(rewriteForPxe(once, options).text).toBe(once);
      }),
      { numRuns: 1000, seed: 5 },
    );
  });

  it('that was rewritten for a disc is not changed by rewriting it again', () => {
    fc.assert(
      fc.property(script, discOptions, (text, options) => {
        const once = rewriteForDisc(text, options).text;
        expect(rewriteForDisc(once, options).text).toBe(once);
      }),
      { numRuns: 1000, seed: 8 },
    );
  });

  it('goes back and forth between network and disc without growing', () => {
    fc.assert(
      fc.property(script, discOptions, (text, options) => {
        const liveUrl = options.fullOs ? undefined : 'http://h/a.iso';
        const pxe = (from: string) => rewriteForPxe(from, { ...options, liveUrl, from: 'grub.cfg' }).text;
        const disc = (from: string) => rewriteForDisc(from, options).text;
        const [onNetwork, onDisc] = [pxe(disc(text)), disc(pxe(text))];
        expect(pxe(disc(onNetwork))).toBe(onNetwork);
        expect(disc(pxe(onDisc))).toBe(onDisc);
      }),
      { numRuns: 1000, seed: 9 },
    );
  });

  it('that was rendered is not changed by rendering it again, and follows the last rendering', () => {
    fc.assert(
      fc.property(script, renderOptions, renderOptions, (text, first, second) => {
        const once = renderGrubConfig(text, first);
        expect(renderGrubConfig(once, first)).toBe(once);
        if (first.liveUrl === second.liveUrl && !(first.manifestUrl && !second.manifestUrl)) {
          expect(renderGrubConfig(once, second)).toBe(renderGrubConfig(text, second));
        }
      }),
      { numRuns: 500, seed: 6 },
    );
  });

  it('is read in seconds, whatever is in it, and refused beyond a megabyte', () => {
    const mebibyte = 1024 * 1024;
    const options = { liveUrl: 'http://h/a.iso', kernelArguments: [], from: 'grub.cfg' } as const;
    const fill = (piece: string) => piece.repeat(Math.floor(mebibyte / 4 / piece.length));
    const hostile = [
      ...['x ', '{', 'if ', "'", '#\n', '$a', '\\\n', 'linux $a;', 'search a;', 'menuentry {'].map(fill),
      `set a=xxxxxxxx\n${'set a=$a$a\n'.repeat(100)}${'linux $a $a\n'.repeat(20_000)}`,
      `${'menuentry a {\n'.repeat(249)}${'echo $a\nlinux $a\n'.repeat(12_000)}${'}\n'.repeat(249)}`,
    ];
    const startMs = performance.now();
    const names = Array.from({ length: 10_000 }, (_, number) => `v${number}`);
    const environments = new Map([['/env', decodeEnvironment(`# GRUB Environment Block\n${names.join('=\n')}`)]]);
    hostile.push(fill('load_env -f /env\n'));
    for (const text of hostile) {
      unlessMalformed(() => rewriteForPxe(text, { ...options, environments }));
      unlessMalformed(() => bootMenu(text));
    }
    expect(performance.now() - startMs).toBeLessThan(20_000);
    expect(() => tokenize('x'.repeat(mebibyte + 1))).toThrow('larger');
  });
});

describeWith({ programs: ['grub-script-check'] }, 'GRUB', () => {
  const accepts = (text: string) => {
    try {
      execFileSync('grub-script-check', { input: `${text}\ntrue\n`, stdio: ['pipe', 'pipe', 'pipe'], timeout: 5000 });
      return true;
    } catch {
      return false;
    }
  };

  it('accepts a script after it was rewritten and rendered, if it did before', () => {
    fc.assert(
      fc.property(script, rewriteOptions, renderOptions, (text, rewrite, render) => {
        fc.pre(accepts(text));
        const { text: rewritten } = rewriteForPxe(text, rewrite);
        expect(accepts(rewritten)).toBe(true);
        const disc = rewriteForDisc(text, { ...rewrite, label: 'CDROM', fullOs: rewrite.liveUrl === undefined });
        expect(accepts(disc.text)).toBe(true);
        expect(accepts(renderGrubConfig(rewritten, render))).toBe(true);
      }),
      { numRuns: 150, seed: 7 },
    );
  });
});
