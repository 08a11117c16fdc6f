import Type, { type Static, type TSchema } from 'typebox';

/**
 * What `bootwright inspect --json` prints. docs/reference/inspect.md is made of the descriptions here, and a test holds
 * the two and real reports together. What is not known is `null`; nothing is left out.
 */

const text = (description: string) => Type.String({ description });
const number = (description: string) => Type.Number({ description });
const flag = (description: string) => Type.Boolean({ description });
const orNull = <Schema extends TSchema>(schema: Schema, description: string) =>
  Type.Union([schema, Type.Null()], { description });
const list = <Schema extends TSchema>(schema: Schema, description: string) => Type.Array(schema, { description });
const record = <Properties extends Record<string, TSchema>>(properties: Properties) =>
  Type.Object(properties, { additionalProperties: false });

const signature = record({
  signer: text('who signed it: the name in the certificate'),
  issuer: text('who vouches for the signer'),
  sha256: text('fingerprint of the certificate of the signer, hexadecimal'),
  validFrom: text('when the certificate begins, as OpenSSL writes it'),
  validTo: text('when it ends; firmware and shim take no note of that'),
  trustedBy: orNull(
    Type.String(),
    "whose certificate lets it boot: one of Microsoft's for what firmware loads, one in this shim for the rest",
  ),
});

const generation = record({
  component: text('such as `shim`, `grub`, `grub.debian`'),
  generation: number('what revocations count by'),
  version: text("the component's own version, for a person"),
});

const program = record({
  path: text('where it is in the image, or in the FAT that firmware boots from a disc'),
  role: Type.Enum(['shim', 'grub', 'other', 'kernel'], { description: '`other` is a loader that is neither' }),
  version: orNull(Type.String(), 'from its SBAT data, or from the header of the kernel'),
  machine: orNull(Type.String(), 'what it runs on: `x64`, `arm64`, `ia32` …; `null` where it is no EFI program'),
  sizeBytes: number('its size'),
  signatures: list(signature, 'whoever signed it, each verified; empty where nobody did'),
  sbat: list(generation, 'its generations (SBAT); empty where it has none'),
});

const initrd = record({
  path: text('where it is in the image'),
  sizeBytes: number('its size'),
  unpackedBytes: number('what it takes of memory, unpacked'),
  compression: list(Type.String(), 'how its archives are compressed, in order'),
  dracut: orNull(
    record({
      version: orNull(Type.String(), 'such as `059-4`'),
      modules: orNull(Type.Array(Type.String()), 'the modules that it was made of'),
    }),
    '`null` where something else made it',
  ),
  parts: list(
    Type.String(),
    'what it holds that boots live systems: `livenet`, `dmsquash-live`, `live-boot`, `casper` …',
  ),
  network: list(Type.String(), 'what brings its network up: `network-legacy`, `systemd-networkd`, `network-manager` …'),
  hasCurl: flag('curl is in it'),
  hasTlsRoots: flag('certificates for https are in it'),
  hasAzureDownloader: flag('it fetches by the script of Azure Linux where it is told to'),
  kernelVersions: list(Type.String(), 'the kernels that its modules are for'),
  kernelModules: list(
    Type.String(),
    'of `squashfs`, `overlay`, `loop`, `isofs`, those that are in it or in the kernel',
  ),
});

const menuEntry = record({
  title: text('as in the menu'),
  kernel: text('the kernel that it loads'),
  initrds: list(Type.String(), 'the initrds that it loads'),
  isDefault: flag('it boots by itself'),
});

const facts = record({
  image: record({
    name: text('the image without its folder'),
    kind: Type.Enum(['iso', 'tree', 'release'], { description: 'a release is what `bootwright build` makes' }),
    sizeBytes: orNull(Type.Number(), 'of the ISO; `null` where there is none'),
    label: orNull(Type.String(), 'the volume label'),
  }),
  system: orNull(
    record({
      name: text('such as `Azure Linux`'),
      id: orNull(Type.String(), '`ID` of os-release, such as `azurelinux`'),
      version: orNull(Type.String(), 'such as `3.0`'),
      from: text('the file that says so'),
    }),
    'what is in the image',
  ),
  architecture: orNull(Type.String(), '`x64` or `arm64`, by its loaders'),
  initramfs: Type.Enum(['bootstrap', 'full-os'], {
    description: '`bootstrap` fetches its root and mounts it; `full-os` is the whole system',
  }),
  rootFile: orNull(Type.String(), "the live system's file"),
  config: orNull(Type.String(), 'the configuration of GRUB that a build takes'),
  menu: orNull(
    record({
      timeoutSeconds: orNull(Type.Number(), 'how long the menu waits; -1 is for ever, `null` where it does not say'),
      entries: list(menuEntry, 'in the order of the menu'),
    }),
    'what a build would put into its grub.cfg',
  ),
  programs: list(program, 'loaders, then kernels'),
  initrds: list(initrd, 'each initrd that the menu loads'),
  grub: orNull(
    record({
      prefix: orNull(Type.String(), 'where it looks for grub.cfg; `null` is its own folder'),
      modules: list(Type.String(), 'what is built in'),
      http: Type.Enum(['built-in', 'missing', 'unknown'], { description: 'whether it can fetch by HTTP' }),
      hasMemoryDisk: flag('it brings a memory disk with more modules'),
    }),
    'what is built into GRUB',
  ),
  secureBoot: record({
    verdict: Type.Enum(['passes', 'own-certificate', 'refused', 'unknown'], {
      description:
        '`own-certificate`: passes only where the machine was given the certificate of the one who signed the first loader',
    }),
    sentence: text('the verdict for a person'),
    certificates: list(Type.String(), 'which of those certificates a machine must have; one of them is enough'),
    refusedFrom: orNull(Type.Number(), 'the oldest level of revocations (SBAT) that refuses it'),
  }),
  memory: orNull(
    record({
      neededBytes: number('what a machine needs at least, an estimate'),
      parts: list(
        record({ what: text('what takes it'), sizeBytes: number('how much') }),
        'what the estimate is made of; its sum is `neededBytes`',
      ),
    }),
    'for the entry that boots by itself',
  ),
  url: orNull(
    record({
      url: text('what was asked for'),
      status: orNull(Type.Number(), 'of the answer to HEAD; `null` where none came'),
      sizeBytes: orNull(Type.Number(), 'Content-Length'),
      ranges: orNull(Type.Boolean(), 'whether a request for one byte was answered by one'),
    }),
    'what the server at the URL answers; `null` where none was given',
  ),
});

export const reportSchema = record({
  ok: flag('no finding is an error'),
  facts,
  findings: list(
    record({
      severity: Type.Enum(['error', 'warning'], { description: 'an error ends a build' }),
      code: text('see [errors.md](errors.md)'),
      problem: text('what is wrong'),
      remedy: text('what to do'),
      data: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()]), {
        description: 'the values that the two texts name',
      }),
    }),
    'errors first',
  ),
});

export type Report = Static<typeof reportSchema>;
export type Facts = Static<typeof facts>;
export type ProgramFacts = Static<typeof program>;
export type InitrdFacts = Static<typeof initrd>;
