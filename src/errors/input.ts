import { type ErrorRow, exit } from './row.ts';

export const inputErrors = {
  INPUT_TERMINAL: {
    exit: exit.usage,
    problem: 'the image would be read from the terminal',
    remedy: 'Pipe one in, such as "curl … | bootwright build -", or name a file.',
  },
  INPUT_FOLDER_EMPTY: {
    exit: exit.image,
    problem: 'there is nothing in the folder {path}',
    remedy: 'Name an ISO, the folder of an extracted ISO, or an output of Bootwright.',
  },
  INPUT_TOO_LARGE: {
    exit: exit.image,
    problem: '{path} unpacks to more than {limitBytes} bytes',
    remedy: 'Do not trust this image; if it should be so large, allow more with --max-size.',
  },
  INPUT_NO_ROOM: {
    exit: exit.output,
    problem: '{path} cannot be unpacked: {freeBytes} bytes are free at {folder}, and {reserveBytes} of them stay free',
    remedy:
      'Free some space, or choose another --output, beside which images are unpacked ("inspect" does it in TMPDIR).',
  },
  PACKED_DAMAGED: {
    exit: exit.image,
    problem: '{path} is damaged: {what}',
    remedy: 'Download or copy it again, and compare its checksum with the published one.',
  },
  PACKED_UNSUPPORTED: {
    exit: exit.image,
    problem: '{path} is packed by {packing}, which Bootwright does not unpack',
    remedy: 'Unpack it, and give the ISO.',
  },
  PACKED_TOO_OFTEN: {
    exit: exit.image,
    problem: '{path} is packed more than {limit} times over',
    remedy: 'Do not trust this image: nobody packs one like that.',
  },
  PROGRAM_MISSING: {
    exit: exit.environment,
    problem: '{path} cannot be unpacked without the program {program}',
    remedy: 'Install it (package {packages}), or unpack the image yourself.',
  },
  PROGRAM_ENDED: {
    exit: exit.environment,
    problem: '{program} was ended by {signal} while it unpacked {path}',
    remedy: 'Try again; where the system ends it, there is too little memory.',
  },
  ARCHIVE_ENCRYPTED: {
    exit: exit.image,
    problem: '{path} is encrypted',
    remedy: 'Unpack it with its password, and give the ISO.',
  },
  ARCHIVE_NO_ISO: {
    exit: exit.image,
    problem: 'there is no ISO in {path}; it holds {found}',
    remedy: 'Give an archive with one ISO in it, or the ISO.',
  },
  ARCHIVE_SEVERAL_ISOS: {
    exit: exit.image,
    problem: 'there are several ISOs in {path}: {found}',
    remedy: 'Unpack the one that is meant, and give it.',
  },
  ARCHIVE_UNSAFE: {
    exit: exit.image,
    problem: '{path} holds {member}, {what}',
    remedy: 'Do not trust this archive: get it from its publisher again.',
  },
  RELEASE_NO_MANIFEST: {
    exit: exit.image,
    problem: 'the archive {path} is no release: there is no {manifest} in it',
    remedy:
      'Give an ISO, an archive that "bootwright build --format pxe-tar" wrote, or the folder that this one unpacks to.',
  },
  RELEASE_ALTERED: {
    exit: exit.image,
    problem: 'the release {path} is not as it was built: {file} {what}',
    remedy: 'Copy it again from where it was built, or build it again.',
  },
} as const satisfies Record<string, ErrorRow>;
