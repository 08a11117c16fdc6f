import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileHeader, packetBlock } from '../../src/capture/pcapng-write.ts';
import { readCapture } from '../../src/capture/read.ts';
import { openFile } from '../../src/platform/files-node.ts';
import { type FrameEnds, udpFrame } from '../capture/frames.ts';
import { ackToOvmf, offerToOvmf, ovmfDiscover, ovmfRequest } from '../packets/dhcp-ovmf.ts';
import { bootwright } from '../support/bootwright.ts';
import { createNetns, type NetnsPair } from '../support/netns.ts';
import { describeWith } from '../support/programs.ts';

const program = join(import.meta.dirname, '../../bin/bootwright.js');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bootwright-capture-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function sizesIn(path: string): Promise<{ sizes: (readonly [kept: number, onWire: number])[]; isCut: boolean }> {
  const source = await openFile(path);
  const sizes: (readonly [number, number])[] = [];
  let isCut = false;
  for await (const { bytes, sizeBytes } of readCapture(source, path, () => {
    isCut = true;
  })) {
    sizes.push([bytes.length, sizeBytes]);
  }
  await source.close();
  return { sizes, isCut };
}

describeWith({ programs: ['ip', 'busybox', 'curl', 'dnsmasq'], root: true }, 'bootwright capture', () => {
  let pair: NetnsPair;
  beforeAll(async () => {
    pair = await createNetns();
    const { server } = pair;
    await writeFile(join(folder, 'image'), new Uint8Array(1_000_000));
    void server.run('busybox', ['httpd', '-f', '-p', '10.77.0.1:80', '-h', folder], { reject: false });
    const dnsmasq = ['--no-daemon', '--conf-file=/dev/null', '--user=root', '--port=0', '--interface=eth0'];
    const answers = ['--dhcp-range=10.77.0.50,10.77.0.60', '--dhcp-boot=x.efi', `--dhcp-leasefile=${folder}/leases`];
    void server.run('dnsmasq', [...dnsmasq, ...answers], { reject: false });
  });
  afterAll(() => pair.remove());

  /** Records while `work` goes on, until something that was told matches; then ends by `signal`. */
  async function record(args: readonly string[], signal: NodeJS.Signals, until: RegExp, work: () => Promise<unknown>) {
    const told: string[] = [];
    const recorder = execa('ip', ['netns', 'exec', pair.server.name, process.execPath, program, 'capture', ...args], {
      reject: false,
      buffer: false,
      timeout: 30_000,
    });
    const ready = Promise.withResolvers<void>();
    const complaints: string[] = [];
    createInterface({ input: recorder.stderr }).on('line', (line) => {
      complaints.push(line);
      if (line.startsWith('recording on')) ready.resolve();
    });
    const heard = Promise.withResolvers<void>();
    createInterface({ input: recorder.stdout }).on('line', (line) => {
      told.push(line);
      if (until.test(line)) heard.resolve();
    });
    await Promise.race([ready.promise, recorder]);
    await work();
    await Promise.race([heard.promise, recorder]);
    recorder.kill(signal);
    const { exitCode } = await recorder;
    return { told, exitCode, complaints: complaints.join('\n') };
  }

  const lease = () =>
    pair.client.run('busybox', ['udhcpc', '-i', 'eth0', '-f', '-q', '-n', '-s', '/bin/true', '-t', '5'], {
      reject: false,
    });

  it('tells and writes what a machine sends and hears, with the content of files cut', async () => {
    await pair.client.run('ip', ['address', 'replace', '10.77.0.2/24', 'dev', 'eth0']);
    const path = join(folder, 'boot.pcapng');
    const flags = ['--interface', 'eth0', '--machine', pair.client.mac.toUpperCase(), '--write', path];
    const { told, exitCode, complaints } = await record(flags, 'SIGINT', /HTTP 200/, async () => {
      await lease();
      await pair.client.run('curl', ['--silent', '--output', '/dev/null', 'http://10.77.0.1/image']);
    });
    expect(exitCode).toBe(0);
    expect(complaints).toMatch(/\d+ packets written to .*boot\.pcapng, none lost$/);
    const text = told.join('\n');
    expect(text).toContain(`${pair.client.mac}  DISCOVER: "udhcp`);
    expect(text).toMatch(/OFFER 10\.77\.0\.\d+ from 10\.77\.0\.1, boots x\.efi \(plain\)/);
    expect(text).toMatch(/HTTP GET \/image\n.*HTTP 200 for GET \/image \(976\.6 KiB\)/);
    const { sizes, isCut } = await sizesIn(path);
    expect(isCut).toBe(false);
    const content = sizes.filter(([, onWire]) => onWire > 1400);
    expect(sizes.reduce((sum, [, onWire]) => sum + onWire, 0)).toBeGreaterThan(1_000_000);
    expect(Math.min(...content.map(([kept]) => kept))).toBe(256);
  });

  it('a file is whole up to the last packet also after kill -9, and private', async () => {
    const path = join(folder, 'killed.pcapng');
    await record(['--interface', 'eth0', '--write', path, '--brief'], 'SIGKILL', / ACK /, lease);
    const { sizes, isCut } = await sizesIn(path);
    expect(isCut).toBe(false);
    expect(sizes.length).toBeGreaterThanOrEqual(4);
    const { stdout, exitCode } = await bootwright(['replay', path, '--json']);
    expect(exitCode).toBe(0);
    const [discover] = stdout.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(discover).toMatchObject({ kind: 'message', machine: pair.client.mac, now: { type: 'offer' } });
  });

  it('ends where its interface goes away, however long it was to go on', async () => {
    const { server } = pair;
    await server.run('ip', ['link', 'add', 'gone0', 'type', 'veth', 'peer', 'name', 'gone1']);
    await server.run('ip', ['link', 'set', 'gone0', 'up']);
    const flags = ['--interface', 'gone0', '--seconds', '3600'];
    const { exitCode, complaints } = await record(flags, 'SIGKILL', /never/, () =>
      server.run('ip', ['link', 'delete', 'gone0']),
    );
    expect(complaints).toContain('CAPTURE_INTERRUPTED');
    expect(exitCode).toBe(5);
  });

  it('an interface that is not there, and a file that can not be written, are named', async () => {
    expect((await record(['--interface', 'none0'], 'SIGINT', /x/, async () => {})).complaints).toContain(
      'INTERFACE_NOT_FOUND',
    );
    const flags = ['--interface', 'eth0', '--write', join(folder, 'none/x.pcapng')];
    expect((await record(flags, 'SIGINT', /x/, async () => {})).complaints).toContain('CAPTURE_UNWRITABLE');
    expect((await record(['--interface', 'lo'], 'SIGINT', /x/, async () => {})).complaints).toContain(
      'CAPTURE_LINK_UNSUPPORTED',
    );
  });
});

describe('bootwright replay', () => {
  const up: FrameEnds = { from: { address: '0.0.0.0', port: 68 }, to: { address: '255.255.255.255', port: 67 } };
  const down: FrameEnds = { from: { address: '10.98.0.1', port: 67 }, to: { address: '255.255.255.255', port: 68 } };
  const frames = [
    udpFrame(up, ovmfDiscover),
    udpFrame(down, offerToOvmf),
    udpFrame(up, ovmfRequest),
    udpFrame(down, ackToOvmf),
  ];
  let path: string;
  beforeAll(async () => {
    path = join(folder, 'ovmf.pcapng');
    const blocks = frames.map((bytes, at) =>
      packetBlock({ timeNs: BigInt(at) * 1_000_000_000n, bytes, sizeBytes: bytes.length }),
    );
    await writeFile(path, Buffer.concat([fileHeader({ application: 'test', interface: 'eth0' }), ...blocks]));
  });

  it('a recording of our own gets the same answers, in the network that it shows', async () => {
    const { stdout, stderr, exitCode } = await bootwright(['replay', path, '--strict']);
    expect(stdout).toContain('DISCOVER: UEFI x64');
    expect(stdout).toContain('now       OFFER 10.98.0.10 from 10.98.0.1, boots releases/r1/bootx64.efi (direct)');
    expect(stderr).toBe('2 requests; of 2 with a recorded answer, 2 would get the same');
    expect(exitCode).toBe(0);
  });

  it('with other settings, what differs is said, and fails where that is asked for', async () => {
    const other = ['replay', path, '--range', '10.98.0.30-10.98.0.40'];
    const { stdout, exitCode } = await bootwright(other);
    expect(stdout).toContain('differs   address: 10.98.0.10 was given, 10.98.0.30 would be');
    expect(exitCode).toBe(0);
    expect((await bootwright([...other, '--strict'])).exitCode).toBe(6);
  });

  it('settings of a server, whose network this computer need not have', async () => {
    const config = join(folder, 'bootwright.yaml');
    await writeFile(
      config,
      'root: nowhere\ninterface: nowhere0\naddress: 10.98.0.1\ndhcp:\n  range: 10.98.0.10-10.98.0.20\n',
    );
    const { stdout, exitCode } = await bootwright(['replay', path, '--config', config, '--strict']);
    expect(stdout).toContain('now       ACK 10.98.0.10 from 10.98.0.1');
    expect(exitCode).toBe(0);
  });

  it('what is no capture, or shows no network, is named', async () => {
    const text = join(folder, 'text');
    await writeFile(text, 'hello');
    expect((await bootwright(['replay', text])).stderr).toContain('CAPTURE_UNKNOWN_FORMAT');
    const empty = join(folder, 'empty.pcapng');
    await writeFile(empty, (await readFile(path)).subarray(0, 100));
    const { stderr, exitCode } = await bootwright(['replay', empty]);
    expect(stderr).toContain('CAPTURE_WITHOUT_NETWORK');
    expect(exitCode).toBe(2);
    expect((await bootwright(['replay', path, '--server-address', '10.0.0.1/99'])).exitCode).toBe(2);
    // Made-up releases, though others were asked for, would look right.
    expect((await bootwright(['replay', path, '--root', join(folder, 'mistyped')])).stderr).toContain('mistyped');
  });
});
