import { access, constants, readFile } from 'node:fs/promises';
import { execa } from 'execa';

/** Why a real machine can't be booted on this computer, in words; `undefined` where it can. */
export async function whyNoMachine(): Promise<string | undefined> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return `the image is made for Linux on x86-64, and this is ${process.platform} on ${process.arch}`;
  }
  const system = await readFile('/etc/os-release', 'utf8').catch(() => '');
  if (!/^ID="?debian"?$/m.test(system))
    return 'the programs it needs are installed by apt on Debian, and this is not Debian';
  if (process.getuid?.() !== 0) return 'a network of its own needs root (try "sudo npm run demo")';
  const { failed } = await execa('unshare', ['--mount', '--net', 'mount', '-t', 'tmpfs', 'none', '/mnt'], {
    reject: false,
  });
  if (failed) return 'this root may not make namespaces (a container needs --privileged)';
  const tap = await access('/dev/net/tun', constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
  return tap ? undefined : 'there is no /dev/net/tun to plug a machine in (a container needs --device /dev/net/tun)';
}
