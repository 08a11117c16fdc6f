import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../platform/clock.ts';
import { HeldDescriptors } from '../platform/held-descriptors.ts';
import { NativeUdp } from '../platform/udp-native.ts';
import { BorrowedFiles } from './borrowed-files.ts';
import { ChunkCache } from './chunks.ts';
import { startTftpServer, type TftpServer } from './server.ts';
import { SharedChunkMemory } from './shared-memory.ts';
import { carryError, type FromThread, type ThreadData, type ToThread } from './thread-messages.ts';

/** Of all servers of the thread, beside what their transfers hold. */
const cacheBytes = 64 * 1024 * 1024;

/**
 * The thread that serves TFTP, so that no client waits for what else goes on: it has sockets of its own, and borrows
 * files from whoever started it (`startTftpThread`).
 */
const { servers, descriptors } = workerData as ThreadData;
const post = (message: FromThread) => parentPort?.postMessage(message);
const files = new BorrowedFiles((questions) => post({ kind: 'asks', questions }));
const cache = new ChunkCache(cacheBytes, new SharedChunkMemory());
const udp = new NativeUdp({
  descriptors: new HeldDescriptors(descriptors),
  isAwaited: () => files.asked > 0 || cache.loading > 0,
});
const started: TftpServer[] = [];

async function stop(graceMs: number): Promise<void> {
  await Promise.all(started.map((server) => server.close({ graceMs })));
  await files.told();
  udp.close();
  parentPort?.close();
}

parentPort?.on('message', (message: ToThread) => {
  if (message.kind === 'stop') void stop(message.graceMs);
  else files.take(message.answers);
});

const { resolve, report } = files;
try {
  for (const server of servers) {
    started.push(await startTftpServer({ ...server, udp, clock: systemClock, resolve, report, cache }));
  }
  post({ kind: 'listening', locals: started.map(({ local }) => local) });
} catch (error) {
  post({ kind: 'failed', error: carryError(error) });
  await stop(0);
}
