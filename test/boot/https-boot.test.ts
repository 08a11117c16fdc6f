import { beforeAll, expect, it } from 'vitest';
import { describeWith } from '../support/programs.ts';
import { bootNeeds, bootServed, expectNoComplaint } from './boots.ts';

const config = `
https: { certificate: server.pem, key: server.key }
firmware: { http-x64: { file: "https://10.99.0.1/loaders/grubx64.efi" } }
`;

describeWith(bootNeeds, 'A UEFI machine that boots by HTTPS, and trusts the authority of our certificate', () => {
  let booted: Awaited<ReturnType<typeof bootServed>>;
  beforeAll(async () => {
    booted = await bootServed({ flavour: 'signed', firmware: 'uefi-http', config, https: true });
  });

  it('gets our GRUB over TLS', () => {
    expect(booted.text).toMatch(/URI: https:\/\/10\.99\.0\.1\/loaders\/grubx64\.efi/);
    expect(booted.protocolsOf('loaders/grubx64.efi')).toEqual(['http']);
  });

  it('goes on by plain HTTP, which is all that GRUB speaks, to its login prompt', () => {
    expect(booted.root).toMatch(/^LiveOS_rootfs \/ overlay rw,.*lowerdir=\/run\/rootfsbase/);
    expect(booted.kernelArguments).toContain(`root=live:http://10.99.0.1/releases/${booted.releaseId}/liveos.iso`);
    expect(booted.protocols).toEqual(['http']);
  });

  it('shows no error and asks nothing on the way', () => expectNoComplaint(booted));
});
