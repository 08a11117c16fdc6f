/** A time of a packet as text; a damaged file may have any number there. */
export function packetTime(timeNs: bigint): { readonly iso: string; readonly clock: string } {
  const time = new Date(Number(timeNs / 1_000_000n));
  if (Number.isNaN(time.getTime())) return { iso: '', clock: '--:--:--.---' };
  const digits = (value: number, count: number) => String(value).padStart(count, '0');
  const [hours, minutes, seconds] = [time.getHours(), time.getMinutes(), time.getSeconds()].map((part) =>
    digits(part, 2),
  );
  return { iso: time.toISOString(), clock: `${hours}:${minutes}:${seconds}.${digits(time.getMilliseconds(), 3)}` };
}
