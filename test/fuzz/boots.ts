import { BootLedger } from '../../src/boot/ledger.ts';
import { type BootCatalog, type BootRequest, planBoot } from '../../src/boot/plan.ts';
import { ShapeBook } from '../../src/boot/shapes.ts';

const catalog: BootCatalog = {
  activeId: 'r1',
  loaderOf: (id) => (id === 'r1' ? { file: 'bootx64.efi', architecture: 'x64' } : undefined),
  hasLoader: (path) => !path.includes('ipxe'),
  whyNoLoader: () => 'install grub-pc-bin',
};

/** The real decision of what boots how, as `serve` puts it together. */
export function makeBoots(nowMs: () => number) {
  const ledger = new BootLedger([]);
  const shapes = new ShapeBook([]);
  return {
    ledger,
    bootFor: (request: BootRequest) =>
      ledger.decide(request, nowMs(), (pinned) => planBoot(request, catalog, {}, pinned)),
    shapeFor: (...asked: Parameters<ShapeBook['shapeFor']>) => shapes.shapeFor(...asked),
    place: (mac: string, address: string) => ledger.place(mac, address),
    /** A machine that has this address fetches something. */
    fetched(address: string): void {
      const mac = ledger.machineAt(address);
      if (mac !== undefined) shapes.transferred(mac, nowMs());
    },
    /** What a commit takes along; throws `failure` after giving it back. */
    save(failure: Error | undefined): void {
      const boots = ledger.takeUnsaved();
      const known = shapes.takeUnsaved();
      if (failure === undefined) return;
      ledger.restoreUnsaved(boots);
      shapes.restoreUnsaved(known);
      throw failure;
    },
  };
}
