import { chmod, chown, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { launch, makeFolders, type Serving, serve } from '../support/bootwright.ts';
import { createNetns, type NetnsPair } from '../support/netns.ts';
import { describeWith } from '../support/programs.ts';

const args = ['--interface', 'eth0', '--range', '10.77.0.100-10.77.0.199'];
const nobody = [
  'setpriv',
  '--reuid=65534',
  '--regid=65534',
  '--clear-groups',
  '--inh-caps=-all',
  '--bounding-set=-all',
];

describeWith(
  { programs: ['ip', 'setpriv'], root: true },
  'a server that cannot start says why, and leaves nothing',
  () => {
    let pair: NetnsPair;
    let folders: Awaited<ReturnType<typeof makeFolders>>;

    beforeAll(async () => {
      pair = await createNetns({ server: '10.77.0.1/24' });
    });
    afterAll(() => pair?.remove());
    beforeEach(async () => {
      folders = await makeFolders();
    });
    afterEach(() => folders.remove());

    /** What a person sees. */
    async function failure(serving: Serving): Promise<string> {
      const { exitCode, stderr } = await serving.ended;
      expect(stderr).not.toMatch(/ at .*:\d+:\d+|fault of Bootwright/);
      const code = /^ {2}\((\w+)\)$/m.exec(stderr)?.[1];
      return `${exitCode} ${code}: ${stderr.split('\n')[0]}`;
    }

    /** Nothing of it holds a port or the root: the next one starts. */
    async function expectFresh(): Promise<void> {
      expect(await readdir(join(folders.root, '.bootwright'))).not.toContain('server.json');
      const next = await serve(folders.folder, args, pair.server);
      next.kill('SIGTERM');
      expect(await next.ended).toMatchObject({ exitCode: 0 });
    }

    /** Another program that has a port. */
    async function withPort(kind: 'udp' | 'tcp', port: number, work: () => Promise<void>): Promise<void> {
      const open =
        kind === 'udp'
          ? `require('dgram').createSocket('udp4').bind(${port}, '0.0.0.0', ready)`
          : `require('net').createServer().listen(${port}, '0.0.0.0', ready)`;
      const script = `const ready = () => console.log('ready'); ${open}`;
      const other = pair.server.run(process.execPath, ['-e', script], { reject: false, buffer: false });
      await new Promise((resolve) => other.stdout?.once('data', resolve));
      await work().finally(() => other.kill('SIGKILL'));
      await other;
    }

    it.each([
      ['udp', 67, '5 UDP_PORT_IN_USE: bootwright: UDP port 67 of 0.0.0.0 is in use by another program.'],
      ['udp', 69, '5 UDP_PORT_IN_USE: bootwright: UDP port 69 of 10.77.0.1 is in use by another program.'],
      ['tcp', 80, '5 TCP_PORT_IN_USE: bootwright: TCP port 80 of 10.77.0.1 is in use by another program.'],
    ] as const)('%s port %d in use', async (kind, port, expected) => {
      await withPort(kind, port, async () => {
        expect(await failure(launch(folders.folder, args, pair.server))).toBe(expected);
      });
      await expectFresh();
    });

    it.each([
      [
        ['--http-port', '8080', '--tftp-port', '6969'],
        '5 UDP_PORT_FORBIDDEN: bootwright: no permission to open UDP port 67',
      ],
      [['--http-port', '8080'], '5 UDP_PORT_FORBIDDEN: bootwright: no permission to open UDP port 69'],
      [[], '5 TCP_PORT_FORBIDDEN: bootwright: no permission to open TCP port 80'],
    ])('as nobody %j', async (ports, expected) => {
      await mkdir(folders.root);
      for (const path of [folders.folder, folders.root, join(folders.folder, 'images')])
        await chown(path, 65_534, 65_534);
      expect(await failure(launch(folders.folder, [...args, ...ports], pair.server, nobody))).toContain(expected);
      await expectFresh();
    });

    it('as nobody, in a folder of somebody else', async () => {
      await chmod(folders.folder, 0o755);
      const first = await serve(folders.folder, args, pair.server);
      first.kill('SIGTERM');
      await first.ended;
      expect(await failure(launch(folders.folder, args, pair.server, nobody))).toContain('4 OUTPUT_UNWRITABLE');
      await expectFresh();
    });

    it.each([
      [['--interface', 'eth7'], '5 INTERFACE_NOT_FOUND: bootwright: there is no network interface "eth7".'],
      [['--address', '10.0.0.1'], '5 ADDRESS_NOT_HERE: bootwright: the address 10.0.0.1 is not on that interface'],
      [
        ['--range', '10.78.0.1-10.78.0.9'],
        '2 DHCP_POOL_INVALID: bootwright: the pool 10.78.0.1 to 10.78.0.9 does not fit',
      ],
      [['--range', '10.77.0.9-10.77.0.1'], '2 DHCP_POOL_INVALID'],
      [['--range', '10.77.0.1'], '2 CONFIG_BAD_VALUE: bootwright: --range: "10.77.0.1" is not a good value'],
      [['--router', 'gateway'], '2 CONFIG_BAD_VALUE: bootwright: --router: "gateway" is not a good value'],
    ])('%j', async (wrong, expected) => {
      expect(await failure(launch(folders.folder, [...args, ...wrong], pair.server))).toContain(expected);
    });

    it('two on one root: the second is told who holds it, and the first goes on', async () => {
      const first = await serve(folders.folder, args, pair.server);
      const second = await failure(launch(folders.folder, args, pair.server));
      expect(second).toMatch(/^5 ROOT_IN_USE: bootwright: the folder \S+\/root is served by process \d+ already\.$/);
      const health = await pair.server.run('curl', ['-sS', 'http://10.77.0.1/healthz']);
      expect(JSON.parse(String(health.stdout))).toEqual({ status: 'ok', activeRelease: null });
      first.kill('SIGKILL');
      await first.ended;
      await serve(folders.folder, args, pair.server).then(async (next) => {
        next.kill('SIGTERM');
        await next.ended;
      });
    });
  },
);
