import { liveosImage } from '../liveos/make.ts';
import { missingPackages } from '../liveos/missing.ts';
import { imagePackages } from '../liveos/packages.ts';

/** Makes the one tree of all images before two tests that want it at once would both make it. */
export async function setup(): Promise<void> {
  // Where it can't be made, the tests say what is missing.
  if (process.getuid?.() !== 0 || (await missingPackages(imagePackages)).length > 0) return;
  await liveosImage('http', () => {});
}
