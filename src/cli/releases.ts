import { Command } from 'commander';
import { formatBytes } from '../format.ts';
import { rootLayout } from '../release/layout.ts';
import { printJson, printTable } from './print.ts';
import { type RootFlags, whichRoot, withRoot } from './which-root.ts';

/** `bootwright releases`: what was published, and which one is active. */
export function releasesCommand(): Command {
  return withRoot(new Command('releases'))
    .description('List the published releases; N marks the active one, which machines boot next.')
    .option('--json', 'print JSON')
    .action(async ({ json, ...flags }: RootFlags & { json?: boolean }) => {
      const root = await whichRoot(flags);
      const { ReleaseCatalog } = await import('../release/catalog.ts');
      const catalog = new ReleaseCatalog(rootLayout(root));
      const { activeId } = catalog;
      const releases = catalog.list().map(({ manifest }) => ({
        id: manifest.id,
        name: manifest.name,
        active: manifest.id === activeId,
        architecture: manifest.architecture,
        http: manifest.loader.http,
        iso: manifest.iso,
        sizeBytes: manifest.entries.reduce((sum, entry) => sum + (entry.kind === 'file' ? entry.sizeBytes : 0), 0),
      }));
      if (json) {
        printJson({ releases });
      } else if (releases.length === 0) {
        console.log(
          `No release in ${root} yet. Put a LiveOS ISO into images/ while "bootwright serve" runs, or name another --root.`,
        );
      } else {
        const rows = releases.map(({ id, active, architecture, sizeBytes }) => [
          active ? 'N' : '',
          id,
          architecture,
          formatBytes(sizeBytes),
        ]);
        printTable([['', 'RELEASE', 'ARCH', 'SIZE'], ...rows]);
      }
    });
}
