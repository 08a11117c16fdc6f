import fc from 'fast-check';
import type { AdditionalFile, ImageConfig } from '../../src/image-config/config.ts';
import { orNothing } from '../../src/image-config/output.ts';

const word = fc.string({
  unit: fc.constantFrom('a', 'b', '=', '"', "'", ' ', '\\', '$', 'é', '#', ':'),
  minLength: 1,
  maxLength: 6,
});

const output = fc.record(
  {
    initramfsType: fc.constantFrom('bootstrap' as const, 'full-os' as const),
    kdumpBootFiles: fc.constantFrom('none' as const, 'keep' as const),
    kernelArguments: fc.uniqueArray(word, { maxLength: 4 }),
    additionalFiles: fc.constant<AdditionalFile[]>([]),
  },
  { requiredKeys: ['kernelArguments', 'additionalFiles'] },
);

const urls = fc.constantFrom(
  {},
  { isoImageBaseUrl: 'http://10.0.0.1/a b' },
  { isoImageFileUrl: 'nfs://server/x.iso?a#b' },
  { bootstrapBaseUrl: 'https://[fe80::1]:8443/' },
  { bootstrapFileUrl: 'tftp://h/%20.iso' },
);

const pxe = fc
  .tuple(output, urls)
  .map(([common, url]) => orNothing({ ...common, ...(common.initramfsType === 'full-os' ? {} : url) }));

/** Settings that can be saved: without paths and files, and nothing in them that contradicts itself. */
export const savable: fc.Arbitrary<ImageConfig> = fc
  .record(
    {
      iso: output.map((common) => orNothing(common)),
      pxe,
      liveRoot: fc.constantFrom('iso' as const, 'squashfs' as const),
      volumeLabel: fc.constantFrom('CDROM', 'LIVE_42', '0', '1e3'),
    },
    { requiredKeys: [] },
  )
  .map(withoutUndefined);

const files = fc.uniqueArray(
  fc.record({ destination: fc.constantFrom('a', 'b', 'c'), content: fc.constantFrom('1', '2') }),
  { selector: ({ destination }) => destination, maxLength: 3 },
);

/** Any settings. */
export const anyConfig: fc.Arbitrary<ImageConfig> = fc
  .record(
    {
      iso: fc.tuple(output, files).map(([common, additionalFiles]) => orNothing({ ...common, additionalFiles })),
      pxe: fc.tuple(output, urls, files).map(([common, url, additionalFiles]) => {
        return orNothing({ ...common, ...(common.initramfsType === 'full-os' ? {} : url), additionalFiles });
      }),
      liveRoot: fc.constantFrom('iso' as const, 'squashfs' as const),
      inputPath: fc.constantFrom('x.iso', '/y.iso'),
      outputFormat: fc.constantFrom('iso' as const, 'pxe-dir' as const),
    },
    { requiredKeys: [] },
  )
  .map(withoutUndefined);

function withoutUndefined(config: object): ImageConfig {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
}
