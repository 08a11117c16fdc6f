import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BootwrightError } from '../../src/errors.ts';
import { chooseNetwork } from '../../src/platform/network.ts';
import { createNetns, type NetnsPair } from '../support/netns.ts';
import { describeWith } from '../support/programs.ts';

function codeOf(wanted: Parameters<typeof chooseNetwork>[0]): string {
  try {
    return chooseNetwork(wanted).address;
  } catch (error) {
    if (error instanceof BootwrightError) return error.code;
    throw error;
  }
}

it('an interface that is named gives its address', () => {
  expect(chooseNetwork({ interface: 'lo' })).toMatchObject({
    interface: 'lo',
    address: '127.0.0.1',
    netmask: '255.0.0.0',
  });
});

it('an address that is named gives its interface', () => {
  expect(chooseNetwork({ address: '127.0.0.1' }).interface).toBe('lo');
});

it('what is not there is refused', () => {
  expect(codeOf({ interface: 'none0' })).toBe('INTERFACE_NOT_FOUND');
  expect(codeOf({ interface: '../lo' })).toBe('INTERFACE_NOT_FOUND');
  expect(codeOf({ address: '192.0.2.1' })).toBe('ADDRESS_NOT_HERE');
  const elsewhere = Object.values(networkInterfaces())
    .flatMap((addresses = []) => addresses)
    .find(({ family, internal }) => family === 'IPv4' && !internal);
  if (elsewhere !== undefined) expect(codeOf({ interface: 'lo', address: elsewhere.address })).toBe('ADDRESS_NOT_HERE');
});

describeWith({ programs: ['ip'], root: true }, 'in a network namespace', () => {
  let pair: NetnsPair;
  beforeAll(async () => {
    pair = await createNetns({ server: '10.77.0.1/24' });
  });
  afterAll(() => pair?.remove());

  async function choose(
    wanted: Parameters<typeof chooseNetwork>[0],
    side: 'server' | 'client' = 'server',
  ): Promise<unknown> {
    const module = new URL('../../src/platform/network.ts', import.meta.url).pathname;
    const script = `const { chooseNetwork } = await import(${JSON.stringify(module)});
      let said; try { said = chooseNetwork(${JSON.stringify(wanted)}) } catch (error) { said = error.code }
      console.log(JSON.stringify(said))`;
    const { stdout } = await pair[side].run(process.execPath, ['--input-type=module', '-e', script]);
    return JSON.parse(String(stdout));
  }

  it('the only network is taken without being named', async () => {
    expect(await choose({})).toMatchObject({ interface: 'eth0', address: '10.77.0.1', netmask: '255.255.255.0' });
  });

  it('where there is none, this is said: another cable or more time may help, no setting', async () => {
    expect(await choose({}, 'client')).toBe('NO_NETWORK');
  });

  it('of several networks one must be named', async () => {
    await pair.server.run('ip', ['address', 'add', '10.78.0.1/24', 'dev', 'eth0']);
    expect(await choose({})).toBe('INTERFACE_NOT_NAMED');
    expect(await choose({ address: '10.78.0.1' })).toMatchObject({ interface: 'eth0', address: '10.78.0.1' });
  });

  it('an interface that is not there, one without an address and one that is down are told apart', async () => {
    expect(await choose({ interface: 'eth0' }, 'client')).toBe('INTERFACE_WITHOUT_ADDRESS');
    await pair.client.run('ip', ['link', 'set', 'eth0', 'down']);
    expect(await choose({ interface: 'eth0' }, 'client')).toBe('INTERFACE_DOWN');
    // Linux tells a second later that the other end of the cable is dead.
    await expect.poll(() => choose({ interface: 'eth0' }), { timeout: 10_000 }).toBe('INTERFACE_DOWN');
    expect(await choose({ interface: 'eth1' }, 'client')).toBe('INTERFACE_NOT_FOUND');
  });
});
