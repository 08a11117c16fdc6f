import { writeSync } from 'node:fs';
import { startCommitter } from '../../src/store/commit.ts';
import { openStore } from '../../src/store/database.ts';
import { storedImages } from '../../src/store/images.ts';

/** A process that saves one round of everything, says so, and then lives on until it is killed. */
const [path = '', round = ''] = process.argv.slice(2);
const number = Number(round);
const mac = `52:54:00:00:00:0${number}`;
const address = `10.0.0.${number}`;
const store = await openStore(path);
await startCommitter(store, path).commit({
  leases: [{ address, mac, state: 'bound', expiresMs: number }],
  boots: [{ mac, addresses: [address], transaction: number, releaseId: 'r', decidedMs: number }],
  shapes: [{ mac, firmware: 'bios', shape: 'plain', worked: true }],
});
await storedImages(store).save({ path: `${round}.iso`, sizeBytes: 1, modifiedMs: 2, recipe: '', releaseId: 'r' });
writeSync(1, 'saved\n');
setInterval(() => {}, 1000);
