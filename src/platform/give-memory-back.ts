import koffi from 'koffi';

let trim: ((keepBytes: number) => number) | undefined;

/**
 * Gives the kernel what the C library keeps of memory that was freed (malloc_trim(3)): after a storm of a thousand
 * machines some 100 MiB, which it would keep for ever. Takes some milliseconds. Nothing happens where the C library has
 * no such call, as musl.
 */
export function giveMemoryBack(): void {
  try {
    trim ??= koffi.load(null).func('int malloc_trim(size_t)');
  } catch {
    trim = () => 0;
  }
  trim?.(0);
}
