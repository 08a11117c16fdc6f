/** What the initrd is: a small one that fetches or mounts the live system, or the whole system itself. */
export type InitramfsType = 'bootstrap' | 'full-os';

/** What a build writes. */
export type OutputFormat = 'iso' | 'pxe-dir' | 'pxe-tar';

/** A file that is put into the output beside those of the image. It has either `source` or `content`. */
export interface AdditionalFile {
  /** Inside the output: relative, without `.`, `..` and empty parts. */
  readonly destination: string;
  /** A path as it was written; a relative one starts at the folder of the configuration. */
  readonly source?: string;
  readonly content?: string;
  /** Permission bits, at most 0o777. */
  readonly permissions?: number;
}

export interface OutputConfig {
  readonly initramfsType?: InitramfsType;
  /** Single words, unquoted, as the kernel shall get them. */
  readonly kernelArguments: readonly string[];
  /** No two with the same destination. */
  readonly additionalFiles: readonly AdditionalFile[];
  readonly kdumpBootFiles?: 'none' | 'keep';
}

/** The keys that say where machines find the ISO; one of them at most is given. */
export interface IsoUrls {
  /** The name of the ISO is appended. */
  readonly isoImageBaseUrl?: string;
  readonly isoImageFileUrl?: string;
  /** `image.iso` is appended. */
  readonly bootstrapBaseUrl?: string;
  readonly bootstrapFileUrl?: string;
}

/** What a build is asked for: by a file, by flags, or by settings that an earlier build saved in its output. */
export interface ImageConfig {
  /** Of an ISO that is written as the output. */
  readonly iso?: OutputConfig;
  /** Of what machines boot over the network. */
  readonly pxe?: OutputConfig & IsoUrls;
  /** What machines fetch: the ISO, or the file of the live system alone. */
  readonly liveRoot?: 'iso' | 'squashfs';
  /** The name of the ISO's volume. */
  readonly volumeLabel?: string;
  /** A path as it was written; a relative one starts at the folder of the configuration. */
  readonly inputPath?: string;
  /** As `inputPath`. */
  readonly outputPath?: string;
  readonly outputFormat?: OutputFormat;
}
