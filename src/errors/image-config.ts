import { type ErrorRow, exit } from './row.ts';

/**
 * What can be wrong with the configuration of a build. Where Azure Linux Image Customizer rejects the same, its words
 * are kept inside the problem, so that a search for them leads here as well.
 */
export const imageConfigErrors = {
  IMAGE_YAML_TOO_LARGE: {
    exit: exit.usage,
    problem: '{path} is too large for a configuration: {sizeBytes} bytes, where {limitBytes} are read',
    remedy: 'Put long contents into files of their own, and name them by "source".',
  },
  IMAGE_YAML_NOT_UTF8: {
    exit: exit.usage,
    problem: '{where}: this is no UTF-8 text',
    remedy: 'Save the file as UTF-8 (iconv -t UTF-8), and name files that are not text by "source".',
  },
  IMAGE_YAML_NOT_YAML: {
    exit: exit.usage,
    problem: '{where}: {reason}',
    remedy: 'Correct the line; docs/reference/image-yaml.md shows how a configuration of a build looks.',
  },
  IMAGE_YAML_TOO_COMPLEX: {
    exit: exit.usage,
    problem: '{where}: no configuration of a build is as complex as this: {reason}',
    remedy: 'Write it out more plainly; docs/reference/image-yaml.md shows all that there is to say.',
  },
  IMAGE_YAML_UNKNOWN_KEY: {
    exit: exit.usage,
    problem: '{where}: there is no setting "{key}"',
    remedy: 'The nearest one is "{nearest}"; docs/reference/image-yaml.md explains them all.',
  },
  IMAGE_YAML_WRONG_KIND: {
    exit: exit.usage,
    problem: '{where}: "{key}" is {found}',
    remedy: 'It must be {expected}.',
  },
  IMAGE_YAML_BAD_CHOICE: {
    exit: exit.usage,
    problem: '{where}: {value} is not a good value of "{key}"',
    remedy: 'It must be {expected}.',
  },
  IMAGE_YAML_BAD_KERNEL_ARGUMENT: {
    exit: exit.usage,
    problem: '{where}: invalid kernelCommandLine: {reason}',
    remedy: 'List arguments of the kernel, one an item, such as console=ttyS0; one with spaces stands in quotes.',
  },
  IMAGE_YAML_BAD_FILE: {
    exit: exit.usage,
    problem: '{where}: invalid additionalFiles: {reason}',
    remedy: 'Give each file a "destination", and either "source" (a file beside the configuration) or "content".',
  },
  IMAGE_YAML_BAD_DESTINATION: {
    exit: exit.usage,
    problem: '{where}: invalid additionalFiles: nothing can be placed at {destination}: {reason}',
    remedy: 'Give the path of a file inside the output, such as cloud-init-data/user-data.',
  },
  IMAGE_YAML_BAD_PERMISSIONS: {
    exit: exit.usage,
    problem: '{where}: invalid permissions value: {reason}',
    remedy: 'Give the permissions in octal and in quotes, such as "644"; set-user-ID and the like cannot be given.',
  },
  IMAGE_YAML_BAD_INITRAMFS_TYPE: {
    exit: exit.usage,
    problem: '{where}: invalid initramfs image type ({value})',
    remedy: 'Give bootstrap or full-os, or leave the key out to keep what the image has.',
  },
  IMAGE_YAML_BAD_KDUMP_BOOT_FILES: {
    exit: exit.usage,
    problem: '{where}: invalid kdumpBootFilesType value ({value})',
    remedy: 'Give none or keep, or leave the key out.',
  },
  IMAGE_YAML_BAD_OUTPUT_FORMAT: {
    exit: exit.usage,
    problem: '{where}: invalid image format type ({value})',
    remedy: 'Give iso, pxe-dir or pxe-tar.',
  },
  IMAGE_YAML_TWO_URLS: {
    exit: exit.usage,
    problem: "{where}: cannot specify both '{first}' and '{second}' at the same time",
    remedy: 'Keep one of them: a file URL as it is, or a base URL, to which the name of the ISO is appended.',
  },
  IMAGE_YAML_URL_FOR_FULL_OS: {
    exit: exit.usage,
    problem: "{where}: cannot specify either '{base}' or '{file}' when the initramfs type is set to 'full-os'",
    remedy: 'Leave the URL out: the whole system is in the initrd, and nothing else is fetched.',
  },
  IMAGE_YAML_URL_PROTOCOL: {
    exit: exit.usage,
    problem:
      '{where}: unsupported iso image URL protocol in ({url}). One of ([ftp:// http:// https:// nfs:// tftp://]) is expected',
    remedy: 'Give the whole URL, its protocol in small letters, such as http://10.0.0.1/live.iso.',
  },
  IMAGE_YAML_URL_INVALID: {
    exit: exit.usage,
    problem: '{where}: invalid URL value ({url}): {reason}',
    remedy: 'Give a URL such as http://10.0.0.1/live.iso, anything unusual in it percent-encoded.',
  },
  SAVED_SETTINGS_FOREIGN: {
    exit: exit.image,
    problem: '{where}: the settings inside the image name "{key}", which is never saved there',
    remedy: 'Do not trust this image: somebody changed its settings. Build from the image that it was made of.',
  },
} as const satisfies Record<string, ErrorRow>;
