#!/usr/bin/env node
// Starts the command on a Node that runs TypeScript as it is: this one, or else the one that the package pins.
import { spawn } from 'node:child_process';
import * as modules from 'node:module';
import { constants, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const neededMajor = 24;
const entry = new URL('../src/cli/main.ts', import.meta.url);
const tie = new URL('end-with-parent.js', import.meta.url);

function pinnedNode() {
  try {
    const manifest = modules
      .createRequire(import.meta.url)
      .resolve(`node-${process.platform}-${process.arch}/package.json`);
    return join(dirname(manifest), 'bin', 'node');
  } catch {
    return undefined;
  }
}

// Halves the time to start, and saves each thread the 35 MiB of what strips types. An older Node does not have it. Threads,
// and the pinned Node, go by the variable.
modules.enableCompileCache?.();
process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), 'node-compile-cache');

if (Number(process.versions.node.split('.')[0]) >= neededMajor) {
  await import(entry.href);
} else {
  const node = pinnedNode();
  if (node === undefined) {
    console.error(`bootwright needs Node ${neededMajor} or later; this is ${process.version}.`);
    console.error('Run "npm ci" in its folder (it brings one for Linux on x64 and arm64), or install a newer Node.');
    process.exit(5);
  }
  // In a process group of its own, so that a signal for the group does not come twice: Ctrl-C twice means "at once".
  const child = spawn(node, ['--import', tie.href, fileURLToPath(entry), ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    detached: true,
  });
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    process.exit(code ?? 128 + constants.signals[signal]);
  });
}
