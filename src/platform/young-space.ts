import { setFlagsFromString } from 'node:v8';

/**
 * Lets V8 look for garbage more often. Work that hands on large buffers makes few small objects, by which V8 measures
 * when to look: some 50 MiB of buffers that nobody holds would gather until then. For commands, not for servers: it
 * costs a little time.
 */
export function keepYoungSpaceSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}
