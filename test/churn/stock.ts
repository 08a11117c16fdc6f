import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';

/** What a process has. */
export interface Stock {
  /** Open descriptors by kind: `udp`, `tcp`, the names of files, and so on. */
  readonly descriptors: Readonly<Record<string, number>>;
  readonly threads: number;
  /** Memory of its own, without files that are mapped: `RssAnon` of proc(5). */
  readonly memoryBytes: number;
  /** Processor time so far, of all its threads. */
  readonly processorMs: number;
}

const tables = ['tcp', 'tcp6', 'udp', 'udp6', 'unix', 'packet', 'netlink'];

/** Which table of the kernel each socket of the process's network is in, by its inode. */
function socketKinds(pid: number): ReadonlyMap<string, string> {
  const kinds = new Map<string, string>();
  for (const table of tables) {
    for (const line of readFileSync(`/proc/${pid}/net/${table}`, 'utf8').split('\n').slice(1)) {
      // The inode stands in another column of each; no other number is as likely to be one of ours.
      for (const word of line.trim().split(/\s+/).slice(3)) if (/^\d{4,}$/.test(word)) kinds.set(word, table);
    }
  }
  return kinds;
}

export function descriptorsOf(pid: number): Readonly<Record<string, number>> {
  const sockets = socketKinds(pid);
  const counts: Record<string, number> = {};
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    let target: string;
    try {
      target = readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      // It was closed in between.
      continue;
    }
    const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
    const kind = inode === undefined ? basename(target).replace(/:?\[\d+\]$/, '') : (sockets.get(inode) ?? 'socket');
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return Object.fromEntries(Object.entries(counts).sort(([one], [other]) => one.localeCompare(other)));
}

export function takeStock(pid: number): Stock {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const number = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return {
    descriptors: descriptorsOf(pid),
    threads: number('Threads'),
    memoryBytes: number('RssAnon') * 1024,
    // utime and stime, in hundredths of a second.
    processorMs: (Number(fields[11]) + Number(fields[12])) * 10,
  };
}
