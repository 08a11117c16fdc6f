// Publishes an image into a root and makes it active, as the server does, in a process that a test can kill.
import { activate } from '../../src/release/activate.ts';
import { clearStaging, publish } from '../../src/release/publish.ts';
import { holdRoot } from '../../src/release/root.ts';

const [root = '', image = ''] = process.argv.slice(2);
const held = await holdRoot(root);
await clearStaging(held.layout);
const { manifest } = await publish(held.layout, { image, kernelArguments: [] });
await activate(held.layout, manifest.id);
await held.release();
