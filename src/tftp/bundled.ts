/**
 * Says together what is said at one go: a message to another thread costs as much for one word as for many, and in a
 * storm many datagrams come at once.
 */
export function bundled<Word>(say: (words: readonly Word[]) => void): (word: Word) => void {
  let words: Word[] = [];
  return (word) => {
    if (words.push(word) > 1) return;
    queueMicrotask(() => {
      const all = words;
      words = [];
      say(all);
    });
  };
}
