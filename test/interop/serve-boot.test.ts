import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { bootwright, makeFolders, type Serving, serve } from '../support/bootwright.ts';
import { createNetns, type NetnsPair } from '../support/netns.ts';
import { describeWith } from '../support/programs.ts';
import { type SmallRelease, writeRelease } from '../support/small-release.ts';
import { slowMachine } from './slow-machine.ts';

const args = ['--interface', 'eth0', '--range', '10.77.0.100-10.77.0.109'];

describeWith({ programs: ['ip'], root: true }, 'a boot never mixes two releases', () => {
  let pair: NetnsPair;
  let folders: Awaited<ReturnType<typeof makeFolders>>;
  let serving: Serving;
  let machine: ReturnType<typeof slowMachine>;
  let old: SmallRelease;
  let next: SmallRelease;

  beforeAll(async () => {
    pair = await createNetns({ server: '10.77.0.1/24' });
    folders = await makeFolders();
    old = await writeRelease(folders.root, 'old');
    next = await writeRelease(folders.root, 'next');
    machine = slowMachine(pair.client);
  });
  afterAll(async () => {
    await machine?.off();
    await pair?.remove();
    await folders?.remove();
  });
  beforeEach(async () => {
    await activate(old);
    await machine.dropAddress();
    serving = await serve(folders.folder, args, pair.server);
  });
  afterEach(async () => {
    serving.kill('SIGKILL');
    await serving.ended;
  });

  async function activate({ id }: SmallRelease): Promise<void> {
    expect(await bootwright(['activate', id, '--root', folders.root])).toMatchObject({ exitCode: 0 });
  }

  async function crash(): Promise<void> {
    serving.kill('SIGKILL');
    await serving.ended;
    serving = await serve(folders.folder, args, pair.server);
  }

  type Step = 'discover' | 'request' | 'loader' | 'grub' | 'configuration' | 'kernel';

  /** One boot; `meanwhile` happens after the step that is named. Everything that the machine got, by its first word. */
  async function boot(after: Step, meanwhile: () => Promise<void>): Promise<string[]> {
    const got: string[] = [];
    const reached = async (step: Step) => (step === after ? await meanwhile() : undefined);
    await machine.discover('firmware');
    await reached('discover');
    const { address, bootFile = '', file } = await machine.request();
    expect(file).toBe(bootFile);
    await machine.takeAddress(address);
    await reached('request');
    const folder = bootFile.replace(/[^/]*$/, '');
    got.push(String(await machine.tftp(bootFile)));
    await reached('loader');
    got.push(String(await machine.tftp(`${folder}grubx64.efi`)));
    await reached('grub');
    const config = String(await machine.tftp(`${folder}grub.cfg`));
    const atPrefix = [await machine.tftp('/boot/grub2/grub.cfg'), await machine.http('/grub/grub.cfg')];
    expect(atPrefix).toEqual([config, config]);
    const ids = new Set([...config.matchAll(/releases\/([a-z0-9.-]+)/g)].map(([, id]) => id));
    expect(ids.size).toBe(1);
    const [id] = ids;
    await reached('configuration');
    got.push(String(await machine.http(`/releases/${id}/boot/vmlinuz`)));
    await reached('kernel');
    got.push(String(await machine.http(`/releases/${id}/boot/initrd.img`)));
    // Linux asks for an address of its own before it fetches the ISO.
    await machine.dropAddress();
    await machine.discover('linux');
    expect(await machine.request()).toMatchObject({ type: 'ack', address });
    await machine.takeAddress(address);
    const iso = /root=live:http:\/\/[^/]*(\S*\.iso)/.exec(config)?.[1] ?? 'none';
    got.push(String(await machine.http(iso)));
    return got;
  }

  const whole = (name: string) => ['shim', 'GRUB', 'kernel', 'initrd', 'ISO'].map((what) => `${what} of ${name}`);
  const steps: readonly Step[] = ['discover', 'request', 'loader', 'grub', 'configuration', 'kernel'];

  it.each(steps)('where another one is activated after %s; the next boot gets that one', async (step) => {
    expect(await boot(step, () => activate(next))).toEqual(whole('old'));
    await machine.dropAddress();
    const offer = await machine.discover('firmware');
    expect(offer.bootFile).toBe(`releases/${next.id}/bootx64.efi`);
  });

  it.each(steps.slice(1))(
    'where the server is killed and started again after %s, with another one active',
    async (step) => {
      const got = await boot(step, async () => {
        await activate(next);
        await crash();
      });
      expect(got).toEqual(whole('old'));
    },
  );

  it('where the server is killed before it acknowledged: then all of it is the one that it acknowledges', async () => {
    const got = await boot('discover', async () => {
      await activate(next);
      await crash();
    });
    expect(got).toEqual(whole('next'));
  });
});
