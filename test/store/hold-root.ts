import { writeSync } from 'node:fs';
import { holdRoot } from '../../src/release/root.ts';

/** A process that holds a root and says so, until it is killed. */
await holdRoot(process.argv[2] ?? '');
writeSync(1, 'held\n');
setInterval(() => {}, 1000);
