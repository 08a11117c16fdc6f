import { type Finding, finding } from './finding.ts';
import type { Facts } from './report.ts';

/** For each of two requests. */
const patienceMs = 3000;

/** What should be at a URL. */
export interface Expected {
  readonly url: string;
  /** Of the ISO, or of the squashfs, where it is known. */
  readonly sizeBytes: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

type Answer = NonNullable<Facts['url']>;

/**
 * Asks the server of a live image for it, by HEAD and for its first byte, and says what a machine would stumble over.
 * All of it are warnings: who builds often uploads afterwards. URLs that are not HTTP are not tried.
 */
export async function askLiveUrl({ url, sizeBytes, signal }: Expected, findings: Finding[]): Promise<Answer> {
  const nothing = { url, status: null, sizeBytes: null, ranges: null };
  if (!/^https?:/.test(url)) return nothing;
  try {
    const head = await ask(url, { method: 'HEAD' }, signal);
    const found = lengthOf(head);
    if (!head.ok) {
      findings.push(finding('LIVE_URL_STATUS', { url, status: head.status }));
      return { ...nothing, status: head.status };
    }
    if (sizeBytes !== undefined && found !== sizeBytes) {
      const answered = found === null ? 'no length' : `${found} bytes`;
      findings.push(finding('LIVE_URL_OTHER_SIZE', { url, answered, sizeBytes }));
    }
    const part = await ask(url, { headers: { Range: 'bytes=0-0' } }, signal);
    const ranges = part.status === 206 && lengthOf(part) === 1;
    if (!ranges) findings.push(finding('LIVE_URL_NO_RANGES', { url, status: part.status }));
    return { url, status: head.status, sizeBytes: found, ranges };
  } catch (error) {
    signal?.throwIfAborted();
    findings.push(finding('LIVE_URL_UNREACHABLE', { url, reason: reasonOf(error) }));
    return nothing;
  }
}

/** curl in dracut follows redirects, and so does this. The body is never read. */
async function ask(url: string, request: RequestInit, signal: AbortSignal | undefined): Promise<Response> {
  const limit = AbortSignal.timeout(patienceMs);
  // A server that packs what it sends would say another length.
  const headers = { 'Accept-Encoding': 'identity', ...request.headers };
  const answer = await fetch(url, { ...request, headers, signal: signal ? AbortSignal.any([signal, limit]) : limit });
  await answer.body?.cancel();
  return answer;
}

function lengthOf({ headers }: Response): number | null {
  const length = headers.get('content-length') ?? '';
  return /^\d{1,15}$/.test(length) ? Number(length) : null;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer within ${patienceMs / 1000} s`;
  // fetch says "fetch failed", and why in its cause.
  const { cause } = error;
  if (cause instanceof AggregateError) return reasonOf(cause.errors[0]);
  return cause instanceof Error ? cause.message : error.message;
}
