import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describe as describeEvent } from '../../src/boot/describe.ts';
import type { BootEvent } from '../../src/boot/timeline.ts';

const mac = '52:54:00:00:00:01';
const address = '10.0.0.9';
const served = {
  step: 'served',
  protocol: 'tftp',
  address,
  path: 'bootx64.efi',
  sizeBytes: 2048,
  sentBytes: 1024,
  durationMs: 1500,
} as const;

it.each<[BootEvent, string | undefined, string]>([
  [{ step: 'offered', mac, address }, undefined, `debug: ${mac} is offered ${address}`],
  [{ step: 'acknowledged', mac, address }, undefined, `info: ${mac} has ${address}`],
  [
    { step: 'acknowledged', mac, address, bootFile: 'releases/r/bootx64.efi', vendorClass: 'PXEClient' },
    undefined,
    `info: ${mac} has ${address} and boots releases/r/bootx64.efi`,
  ],
  [
    { step: 'refused', mac, address, reason: 'it is taken' },
    undefined,
    `warn: ${mac} may not have ${address}: it is taken`,
  ],
  [{ step: 'released', mac, address }, undefined, `info: ${mac} gave ${address} back`],
  [{ step: 'declined', mac, address }, undefined, `warn: ${mac} found ${address} in use by somebody else`],
  [
    { step: 'not-answered', mac, reason: 'the pool is full' },
    undefined,
    `warn: ${mac} got no full answer: the pool is full`,
  ],
  [{ ...served, outcome: 'complete' }, mac, `info: ${mac} got bootx64.efi (2.0 KiB, TFTP, 1.5 s)`],
  [{ ...served, outcome: 'complete' }, undefined, `info: ${address} got bootx64.efi (2.0 KiB, TFTP, 1.5 s)`],
  [{ ...served, outcome: 'probed' }, mac, `debug: ${mac} asked for the size of bootx64.efi (TFTP)`],
  [{ ...served, outcome: 'aborted' }, mac, `warn: ${mac} stopped at 1.0 KiB of 2.0 KiB of bootx64.efi (TFTP, aborted)`],
  [
    { ...served, outcome: 'timed-out' },
    mac,
    `warn: ${mac} stopped at 1.0 KiB of 2.0 KiB of bootx64.efi (TFTP, timed-out)`,
  ],
  [
    { ...served, outcome: 'failed', protocol: 'http', detail: 'the disk is gone' },
    mac,
    `warn: ${mac} stopped at 1.0 KiB of 2.0 KiB of bootx64.efi (HTTP, failed: the disk is gone)`,
  ],
  [
    { step: 'missing', protocol: 'http', address, path: 'grub.cfg' },
    mac,
    `debug: ${mac} asked for grub.cfg, which is not here (HTTP)`,
  ],
  [
    { step: 'malformed', protocol: 'dhcp', address, reason: 'no cookie' },
    undefined,
    `debug: ${address} sent a broken DHCP packet: no cookie`,
  ],
])('%j of %s', (event, machine, expected) => {
  const { level, text } = describeEvent(event, machine);
  expect(`${level}: ${text}`).toBe(expected);
});

it('a machine cannot write lines of its own into the log, nor hide one', () => {
  const { text } = describeEvent(
    { step: 'missing', protocol: 'http', address, path: 'a\n12:00 \u001b[2K\u202eb' },
    undefined,
  );
  expect(text).toBe(`${address} asked for a\\u{a}12:00 \\u{1b}[2K\\u{202e}b, which is not here (HTTP)`);
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 50 }), (path) => {
      const line = describeEvent({ step: 'missing', protocol: 'tftp', address, path }, undefined).text;
      expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    }),
    { numRuns: 300, seed: 1 },
  );
});
