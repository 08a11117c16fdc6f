import { type ErrorRow, exit } from './row.ts';

export const releaseErrors = {
  IMAGE_NO_LOADER: {
    exit: exit.image,
    problem: 'the image has no UEFI loader: {path} is not there',
    remedy: 'Build it with shim and GRUB in EFI/BOOT, as an ISO for UEFI machines has them.',
  },
  IMAGE_NO_GRUB: {
    exit: exit.image,
    problem: 'the image has no GRUB: {path} is not one, and there is no grubx64.efi beside it',
    remedy: 'Put grubx64.efi beside the loader in EFI/BOOT.',
  },
  IMAGE_LOADER_INVALID: {
    exit: exit.image,
    problem: 'the loader {path} cannot be used: {reason}',
    remedy: 'Take shim and GRUB for the architecture of the image, whole, from the distribution.',
  },
  IMAGE_NO_GRUB_CONFIG: {
    exit: exit.image,
    problem: 'the image has no configuration of GRUB; looked for {paths}',
    remedy: 'Build the image with boot/grub2/grub-pxe.cfg, or with boot/grub2/grub.cfg to derive it from.',
  },
  IMAGE_CONFIG_TOO_LARGE: {
    exit: exit.image,
    problem: "{path} is no configuration of GRUB's: it is larger than {limitBytes} bytes",
    remedy: 'Look at how the image was made.',
  },
  IMAGE_NOTHING_TO_BOOT: {
    exit: exit.image,
    problem: 'no entry of {path} in the image loads a kernel and an initrd',
    remedy:
      'Give it a menuentry with "linux" and "initrd" commands that name files of the image; entries from elsewhere ("blscfg", "configfile") are not read.',
  },
  IMAGE_NOTHING_LIVE: {
    exit: exit.image,
    problem: 'the image has a live system, but no entry of {path} boots it',
    remedy: 'Give an entry the kernel arguments root=live:… and rd.live.image.',
  },
  IMAGE_NO_KERNEL: {
    exit: exit.image,
    problem: 'the menu entry "{title}" loads the kernel {path}, which is not in the image',
    remedy: 'Put the kernel there, or correct the path in the configuration of GRUB.',
  },
  IMAGE_NO_INITRD: {
    exit: exit.image,
    problem: 'the menu entry "{title}" loads the initrd {path}, which is not in the image',
    remedy: 'Put the initrd there, or correct the path in the configuration of GRUB.',
  },
  IMAGE_FAMILY_UNSUPPORTED: {
    exit: exit.image,
    problem: 'the initrd {path} is of {family}, which Bootwright does not know how to boot',
    remedy: 'Use a live image that is made with dracut (Azure Linux, Fedora and others).',
  },
  INITRD_MODULE_MISSING: {
    exit: exit.image,
    problem: "the initrd {path} holds no dracut module '{module}': it could not fetch and mount the live system",
    remedy: 'Make it with: dracut --add "dmsquash-live livenet" (Debian: packages dracut-live and dracut-network).',
  },
  IMAGE_LINK_OUTSIDE: {
    exit: exit.image,
    problem: 'the symbolic link {path} leads out of the image, to {target}',
    remedy: 'Remove the link from the image, or let it point to a file of the image.',
  },
  IMAGE_NAME_TWICE: {
    exit: exit.image,
    problem: 'two files would both become {path}',
    remedy: 'Rename one of them in the image, or the image itself.',
  },
  SAVED_SETTINGS_INVALID: {
    exit: exit.image,
    problem: 'the settings that an earlier build saved in the image are of no use: {reason}',
    remedy:
      'Build from the image that this one was made of; or remove that file from the image, and give the settings again.',
  },
  ADDITIONAL_FILE_RESERVED: {
    exit: exit.usage,
    problem: 'no additional file can be placed at {path}: Bootwright writes that one itself',
    remedy: 'Choose another destination.',
  },
  ADDITIONAL_FILE_TAKEN: {
    exit: exit.usage,
    problem: 'the additional file {destination} cannot be placed: {path} is something else',
    remedy: 'Choose another destination.',
  },
  LIVE_URL_INVALID: {
    exit: exit.usage,
    problem: '"{url}" is no URL',
    remedy: 'Give a whole URL, such as http://10.0.0.1/liveos.iso.',
  },
  LIVE_URL_SCHEME: {
    exit: exit.usage,
    problem: 'dracut cannot fetch {url}: it does not know "{scheme}"',
    remedy: 'Use one of: {schemes}.',
  },
  LIVE_URL_NOT_ISO: {
    exit: exit.usage,
    problem: 'the path of {url} does not end in .iso, so dracut would not take it for an ISO',
    remedy: 'Let the URL end in .iso, lower case; --base-url appends the name of the ISO.',
  },
  LIVE_URL_NOT_SQUASHFS: {
    exit: exit.usage,
    problem:
      'the path of {url} names no squashfs: dracut takes ".iso" for an ISO, and a path that ends in "/" has no file',
    remedy: 'Let the URL end in the name of the file, such as rootfs.img; --base-url appends it.',
  },
  LIVE_URL_UNUSED: {
    exit: exit.usage,
    problem: 'the image holds its whole system in the initrd, and would fetch nothing from {url}',
    remedy: 'Leave the URL out of the flags and of the configuration for this image.',
  },
  SOURCE_CHANGED: {
    exit: exit.image,
    problem: '{path} changed while it was read',
    remedy: 'Write the image under another name and rename it when it is whole.',
  },
  MANIFEST_INVALID: {
    exit: exit.output,
    problem: '{where} is no manifest of a release: {reason}',
    remedy: 'Build the release again.',
  },
  RELEASE_NOT_FOUND: {
    exit: exit.usage,
    problem: 'there is no release "{id}" in {root}',
    remedy: 'Look at "bootwright releases".',
  },
  OUTPUT_FULL: {
    exit: exit.output,
    problem: 'no space left for {path}',
    remedy: 'Free some space, or choose another folder; nothing was left behind.',
  },
  OUTPUT_UNWRITABLE: {
    exit: exit.output,
    problem: 'cannot write to {path}: {reason}',
    remedy: 'Check the permissions of the folder and the health of the disk.',
  },
  OUTPUT_NAME_UNKNOWN: {
    exit: exit.usage,
    problem: 'how {path} shall be packed is not clear from its name',
    remedy: 'Let the name end in one of: {endings}.',
  },
  OUTPUT_NOT_OURS: {
    exit: exit.output,
    problem: '{path} is there already, and Bootwright did not make it',
    remedy: 'Choose another --output, or remove it yourself.',
  },
  OUTPUT_IN_IMAGE: {
    exit: exit.output,
    problem: 'the output {path} would be a part of the image that it is made of, the folder {image}',
    remedy: 'Choose an --output outside of that folder.',
  },
} as const satisfies Record<string, ErrorRow>;
