import type { GrantedAddress } from '../dhcp/client.ts';
import { BootwrightError, hasCode } from '../errors.ts';
import type { Loader } from '../iso/pe.ts';
import { type Clients, tftpParameters } from './clients.ts';
import { configNames, moduleLists } from './config-names.ts';
import type { Context } from './context.ts';
import type { FirmwareDone } from './firmware.ts';
import { chooseAsGrub, type GrubChoice, renderedFor } from './grub-choice.ts';
import { machineKinds } from './machine.ts';
import { kept } from './received.ts';
import { askForSpare } from './spare.ts';

const configLimitBytes = 1024 * 1024;
/** What a client without a GUID of its own sends in option 97. */
const machineId = '00000000-0000-0000-0000-000000000000';

interface FoundConfig {
  readonly path: string;
  readonly text: string;
}

/** GRUB looks for its configuration, and chooses what to boot. */
export async function bootGrub(
  context: Context,
  lease: GrantedAddress,
  { offer, expected }: FirmwareDone,
  { grub }: Loader,
): Promise<GrubChoice> {
  const { clients, timeline, mac, architecture } = context;
  const { server } = offer;
  const { folder } = expected;
  const { grubPlatform: platform } = machineKinds[architecture];
  const place = { folder, platform, mac, address: lease.address, machineId };
  const lists = moduleLists(grub, place);
  if (lists.length > 0) await askForSpare(context, 'grub', server, lists, tftpParameters.grub);
  const config = await timeline.record('grub', 'TFTP: grub.cfg', async (notes) => {
    const names = configNames(grub, place);
    const found = await firstOf(clients, server, names);
    const config = await ofThisRelease(clients, server, found, folder);
    notes.what = `TFTP: ${expected.inRelease(config.path) ?? config.path}`;
    notes.bytes = Buffer.byteLength(config.text, 'latin1');
    const position = names.indexOf(found.path);
    if (position > 0) notes.detail = `after ${position} names that are not there`;
    if (config !== found) notes.detail = `in place of ${found.path}, which the server gives to us for another release`;
    return config;
  });
  return timeline.record('grub', 'menu', async (notes) => {
    const choice = chooseAsGrub(config.text, { grub, server, path: config.path });
    notes.what = choice.title === '' ? 'boots without a menu' : `boots "${choice.title}"`;
    if (choice.timeoutSeconds !== undefined && choice.timeoutSeconds > 0) {
      notes.detail = `after ${choice.timeoutSeconds} s of menu, which the probe does not wait for`;
    }
    return choice;
  });
}

/** Throws PROBE_NO_GRUB_CONFIG. */
async function firstOf(clients: Clients, server: string, names: readonly string[]): Promise<FoundConfig> {
  for (const path of names) {
    const text = await getText(clients, server, path);
    if (text !== undefined) return { path, text };
  }
  const paths = [names[0], names.at(-1)].join(' … ');
  throw new BootwrightError('PROBE_NO_GRUB_CONFIG', { server, paths });
}

/**
 * A path that does not name its release means the one of the address that asks. A machine asks from its own; we can't,
 * so where the server answers for another release, the path that names it is taken.
 */
async function ofThisRelease(
  clients: Clients,
  server: string,
  found: FoundConfig,
  folder: string,
): Promise<FoundConfig> {
  const release = /^releases\/([^/]+)$/.exec(folder)?.[1];
  const rendered = renderedFor(found.text);
  if (release === undefined || rendered === undefined || rendered === release) return found;
  const path = `/${folder}/grub.cfg`;
  const text = await getText(clients, server, path);
  return text === undefined ? found : { path, text };
}

/** `undefined`: the server does not have it. One character a byte, as GRUB reads it. */
async function getText(clients: Clients, server: string, path: string): Promise<string | undefined> {
  try {
    const { bytes } = await kept(path, configLimitBytes, (sink) =>
      clients.getByTftp(server, path, tftpParameters.grub, sink),
    );
    return Buffer.from(bytes).toString('latin1');
  } catch (error) {
    if (hasCode(error, 'PROBE_FILE_MISSING')) return undefined;
    throw error;
  }
}
