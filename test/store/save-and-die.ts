import { writeSync } from 'node:fs';
import { saveBoots } from '../../src/store/boots.ts';
import { openStore } from '../../src/store/database.ts';
import { storedImages } from '../../src/store/images.ts';
import { storedLeases } from '../../src/store/leases.ts';

/** A process that saves one round of everything, says so, and then lives on until it is killed. */
const [path = '', round = ''] = process.argv.slice(2);
const number = Number(round);
const store = await openStore(path);
await storedLeases(store).save([
  { address: `10.0.0.${number}`, mac: `52:54:00:00:00:0${number}`, state: 'bound', expiresMs: number },
]);
await saveBoots(store, [
  {
    mac: `52:54:00:00:00:0${number}`,
    address: `10.0.0.${number}`,
    transaction: number,
    releaseId: 'r',
    decidedMs: number,
  },
]);
await storedImages(store).save({ path: `${round}.iso`, sizeBytes: 1, modifiedMs: 2, recipe: '', releaseId: 'r' });
writeSync(1, 'saved\n');
setInterval(() => {}, 1000);
