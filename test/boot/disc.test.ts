import { beforeAll, expect, it } from 'vitest';
import { describeWith } from '../support/programs.ts';
import { type Boot, bootMedium, bootNeeds, expectNoComplaint } from './boots.ts';

const ways = [
  {
    as: 'disc',
    title: 'An image of --format iso, on a disc that the machine checks first (rd.live.check)',
    request: { flavour: 'http', config: 'iso:\n  kernelCommandLine:\n    extraCommandLine: [rd.live.check]\n' },
  },
  { as: 'stick', title: 'An image of --format iso, on a stick', request: { flavour: 'versioned' } },
] as const;

for (const { as, title, request } of ways) {
  describeWith(bootNeeds, title, () => {
    let booted: Boot;
    beforeAll(async () => {
      booted = await bootMedium(request, as);
    });

    it('boots to its login prompt', () => {
      expect(booted.root).toMatch(/^LiveOS_rootfs \/ overlay rw,.*lowerdir=\/run\/rootfsbase/);
      expect(booted.kernelArguments.join(' ')).toMatch(/ root=live:(?:CD)?LABEL=\S+ /);
    });

    if (as === 'disc') {
      it('is found whole', () => {
        expect(booted.kernelArguments).toContain('rd.live.check');
        expect(booted.text).toMatch(/media check is complete, the result is: PASS/);
      });
    }

    it('shows no error and asks nothing on the way', () => expectNoComplaint(booted));
  });
}
