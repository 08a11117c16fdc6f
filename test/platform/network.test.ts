import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BootwrightError } from '../../src/errors.ts';
import { chooseAddress6, chooseNetwork } from '../../src/platform/network.ts';
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

it('of IPv6, an interface without an address that others can reach is refused', () => {
  expect(() => chooseAddress6({ interface: 'none0' })).toThrow(
    expect.objectContaining({ code: 'INTERFACE_WITHOUT_ADDRESS6' }),
  );
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
    by: 'chooseNetwork' | 'chooseAddress6' = 'chooseNetwork',
  ): Promise<unknown> {
    const module = new URL('../../src/platform/network.ts', import.meta.url).pathname;
    const script = `const { ${by} } = await import(${JSON.stringify(module)});
      let said; try { said = ${by}(${JSON.stringify(wanted)}) } catch (error) { said = error.code }
      console.log(JSON.stringify(said))`;
    const { stdout } = await pair[side].run(process.execPath, ['--input-type=module', '-e', script]);
    return JSON.parse(String(stdout));
  }

  it('of IPv6, the first address that is no link-local one is taken, or the one that was named', async () => {
    const address6 = (wanted: object) => choose({ interface: 'eth0', ...wanted }, 'server', 'chooseAddress6');
    expect(await address6({})).toBe('INTERFACE_WITHOUT_ADDRESS6');
    await pair.server.run('ip', ['address', 'add', 'fd00:77::1/64', 'dev', 'eth0', 'nodad']);
    await pair.server.run('ip', ['address', 'add', 'fd00:78::1/48', 'dev', 'eth0', 'nodad']);
    const named = { address: 'fd00:77::1', prefix: { address: 'fd00:77::1', prefixBits: 64 } };
    expect(await address6({ address: 'FD00:77:0::1' })).toEqual(named);
    expect(['fd00:77::1', 'fd00:78::1']).toContain(((await address6({})) as { address: string }).address);
    expect(await address6({ address: 'fd00:79::1' })).toBe('ADDRESS_NOT_HERE');
  });

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
