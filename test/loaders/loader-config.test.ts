import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { loaderConfig } from '../../src/loaders/loader-config.ts';
import { describeWith } from '../support/programs.ts';

const servers = [
  { address: '10.0.0.1', httpPort: 80 },
  { address: '10.0.0.1', httpPort: 8080 },
  { address: 'fd00::1', httpPort: 80 },
  { address: 'fd00::1', httpPort: 8080 },
] as const;

describe('where a GRUB of ours goes on', () => {
  it.each([
    [servers[0], '(http,10.0.0.1)', '(tftp,10.0.0.1)'],
    [servers[1], '(http,10.0.0.1:8080)', '(tftp,10.0.0.1)'],
    [servers[2], '(http,[fd00::1])', '(tftp,[fd00::1])'],
    [servers[3], '(http,[fd00::1]:8080)', '(tftp,[fd00::1])'],
  ])('%j: %s, and %s where that fails', (server, http, tftp) => {
    expect(loaderConfig(server)).toContain(`for device in '${http}' '${tftp}'; do`);
  });

  it('over IPv6 it asks for no IPv4 address', () => {
    expect(loaderConfig(servers[2])).toMatch(/^ *if ! net_bootp6; then net_ipv6_autoconf; fi\n/m);
    expect(loaderConfig(servers[2])).not.toMatch(/net_bootp\n/);
    expect(loaderConfig(servers[0])).toMatch(/^ *net_bootp\n/m);
  });
});

describeWith({ programs: ['grub-script-check'] }, 'GRUB itself', () => {
  it.each(servers)('can read the script for %j', async (server) => {
    await execa('grub-script-check', { input: loaderConfig(server) });
  });
});
