import { BootwrightError } from '../errors.ts';
import { FilesReader } from './additional-files.ts';
import type { InitramfsType, IsoUrls, OutputConfig } from './config.ts';
import { readKernelArguments } from './kernel-arguments.ts';
import { checkPxeUrl, fileNameOf } from './pxe-url.ts';
import { rejectKind, type Said } from './sections.ts';
import type { YamlDocument } from './yaml-document.ts';

/** A configuration that is being read. */
export interface Reading {
  readonly document: YamlDocument;
  readonly said: Said;
  /** Names of keys that are not acted upon are added here. */
  readonly ignored: Set<string>;
}

/** The text of a key; undefined where there is none. Throws IMAGE_YAML_WRONG_KIND. */
export function textAt({ document, said }: Reading, key: string): { text: string; where: string } | undefined {
  const value = said.values.get(key)?.value;
  if (value === undefined || value.kind === 'nothing') return undefined;
  const where = document.place(value.at);
  return value.kind === 'text' ? { text: value.text, where } : rejectKind(key, value, 'text', where);
}

function readInitramfsType(reading: Reading, key: string): InitramfsType | undefined {
  const found = textAt(reading, key);
  if (found === undefined || found.text === '') return undefined;
  if (found.text === 'bootstrap' || found.text === 'full-os') return found.text;
  throw new BootwrightError('IMAGE_YAML_BAD_INITRAMFS_TYPE', { where: found.where, value: found.text });
}

/** Throws IMAGE_YAML_BAD_KDUMP_BOOT_FILES. */
export function readKdumpBootFiles(reading: Reading, key: string): 'none' | 'keep' | undefined {
  const found = textAt(reading, key);
  if (found === undefined) return undefined;
  if (found.text === 'none' || found.text === 'keep') return found.text;
  throw new BootwrightError('IMAGE_YAML_BAD_KDUMP_BOOT_FILES', { where: found.where, value: found.text });
}

const urlKeys = ['bootstrapBaseUrl', 'bootstrapFileUrl', 'isoImageBaseUrl', 'isoImageFileUrl'] as const;

/** The URL of the section `pxe`, of which there is one at most. */
export function readUrls(reading: Reading, initramfsType: InitramfsType | undefined): IsoUrls {
  const given = urlKeys.flatMap((key) => {
    const found = textAt(reading, `pxe.${key}`);
    return found === undefined || found.text === '' ? [] : [{ key, ...found }];
  });
  const [first, second] = given;
  if (first === undefined) return {};
  if (initramfsType === 'full-os') rejectUrlForFullOs(first.key, first.where);
  if (second !== undefined) {
    const keys = { first: first.key, second: second.key };
    throw new BootwrightError('IMAGE_YAML_TWO_URLS', { where: second.where, ...keys });
  }
  checkPxeUrl(first.text, first.where);
  if (first.key.endsWith('FileUrl')) fileNameOf(first.text, first.where);
  return { [first.key]: first.text };
}

/** Throws IMAGE_YAML_URL_FOR_FULL_OS, which names both keys of that version. */
export function rejectUrlForFullOs(key: keyof IsoUrls, where: string): never {
  const [base, file] = key.startsWith('iso')
    ? ['isoImageBaseUrl', 'isoImageFileUrl']
    : ['bootstrapBaseUrl', 'bootstrapFileUrl'];
  throw new BootwrightError('IMAGE_YAML_URL_FOR_FULL_OS', { where, base, file } as {
    where: string;
    base: string;
    file: string;
  });
}

function readOutput(reading: Reading, section: 'iso' | 'pxe'): OutputConfig {
  const { said, document } = reading;
  const argumentsKey = `${section}.kernelCommandLine.extraCommandLine`;
  const kernelArguments = readKernelArguments(argumentsKey, said.values.get(argumentsKey), document);
  const filesKey = `${section}.additionalFiles`;
  const files = new FilesReader(filesKey, document);
  const additionalFiles = files.read(said.values.get(filesKey));
  for (const key of files.ignored) reading.ignored.add(key);
  const initramfsType = readInitramfsType(reading, `${section}.initramfsType`);
  const kdumpBootFiles = readKdumpBootFiles(reading, `${section}.kdumpBootFiles`);
  return {
    kernelArguments,
    additionalFiles,
    ...(initramfsType === undefined ? {} : { initramfsType }),
    ...(kdumpBootFiles === undefined ? {} : { kdumpBootFiles }),
  };
}

/** The section `iso`; undefined where it asks for nothing. */
export function readIso(reading: Reading): OutputConfig | undefined {
  return orNothing(readOutput(reading, 'iso'));
}

/** The section `pxe`; undefined where it asks for nothing. */
export function readPxe(reading: Reading): (OutputConfig & IsoUrls) | undefined {
  const output = readOutput(reading, 'pxe');
  return orNothing({ ...output, ...readUrls(reading, output.initramfsType) });
}

/** The section itself, or undefined where it asks for nothing. */
export function orNothing<Output extends OutputConfig>(output: Output): Output | undefined {
  const { kernelArguments, additionalFiles, ...others } = output;
  const asks = kernelArguments.length > 0 || additionalFiles.length > 0 || Object.keys(others).length > 0;
  return asks ? output : undefined;
}
