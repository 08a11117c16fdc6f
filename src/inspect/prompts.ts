import { BootwrightError } from '../errors.ts';
import { promptsOf } from '../grub/prompts.ts';
import { type Finding, finding } from './finding.ts';

/** Where a machine would wait for a person, by the configuration that it boots with. */
export function checkPrompts(text: string, path: string): Finding[] {
  return readPrompts(text).map(({ kind, what, reason }) => {
    if (kind === 'menu') return finding('PROMPT_MENU', { path, what });
    if (kind === 'overlay') return finding('PROMPT_OVERLAY', { what });
    return finding('PROMPT_STOPS', { path, what, reason });
  });
}

function readPrompts(text: string) {
  try {
    return promptsOf(text);
  } catch (error) {
    // Whoever read the menu has said so.
    if (error instanceof BootwrightError) return [];
    throw error;
  }
}
