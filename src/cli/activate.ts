import { Command } from 'commander';
import { activate } from '../release/activate.ts';
import { rootLayout } from '../release/layout.ts';
import { printJson } from './print.ts';
import { type RootFlags, whichRoot, withRoot } from './which-root.ts';

/** `bootwright activate`: the release that machines boot from now on. */
export function activateCommand(): Command {
  return withRoot(new Command('activate'))
    .description('Make a release the one that machines boot next; boots that run are not touched.')
    .argument('<release>', 'its id, as "bootwright releases" shows it')
    .option('--json', 'print JSON')
    .action(async (release: string, { json, ...flags }: RootFlags & { json?: boolean }) => {
      await activate(rootLayout(await whichRoot(flags)), release);
      if (json) printJson({ active: release });
      else console.log(`${release} is active: machines that ask from now on boot it.`);
    });
}
