import type { SbatEntry } from '../iso/pe.ts';

/** A component must have at least this generation. `sbat` has the date of the level as its own. */
export interface SbatRule {
  readonly component: string;
  readonly generation: number;
}

/**
 * Levels of revocation that shim has put into machines, the oldest first: each machine has one of them or none.
 * https://github.com/rhboot/shim/blob/main/SbatLevel_Variable.txt
 */
const sbatLevels: readonly { readonly date: number; readonly rules: Readonly<Record<string, number>> }[] = [
  { date: 2021030218, rules: {} },
  { date: 2022052400, rules: { grub: 2 } },
  { date: 2022111500, rules: { shim: 2, grub: 3 } },
  { date: 2023012900, rules: { shim: 2, grub: 3, 'grub.debian': 4 } },
  { date: 2024010900, rules: { shim: 4, grub: 3, 'grub.debian': 4 } },
  { date: 2024040900, rules: { shim: 4, grub: 4, 'grub.peimage': 2 } },
  { date: 2025021800, rules: { shim: 4, grub: 5 } },
  { date: 2025051000, rules: { shim: 4, grub: 5, 'grub.proxmox': 2 } },
];

/** A component of a program that is too old for a level. */
export interface Revoked {
  readonly component: string;
  readonly generation: number;
  readonly neededGeneration: number;
}

/** What of a program's components falls below some rules. What they don't name is not revoked. */
export function revokedBy(sbat: readonly SbatEntry[], rules: readonly SbatRule[]): Revoked[] {
  return sbat.flatMap(({ component, generation }) => {
    const rule = rules.find((each) => each.component === component);
    if (component === 'sbat' || rule === undefined || generation >= rule.generation) return [];
    return [{ component, generation, neededGeneration: rule.generation }];
  });
}

/** The oldest level that refuses a program, and why. */
export function oldestRefusal(
  sbat: readonly SbatEntry[],
): { readonly date: number; readonly revoked: Revoked } | undefined {
  for (const { date, rules } of sbatLevels) {
    const [revoked] = revokedBy(
      sbat,
      Object.entries(rules).map(([component, generation]) => ({ component, generation })),
    );
    if (revoked !== undefined) return { date, revoked };
  }
  return undefined;
}

/** Lines such as `grub,5`; the first is `sbat,1,2025021800`. */
export function parseSbatLevel(text: string): SbatRule[] {
  return text.split('\n', 1000).flatMap((line) => {
    const [component, generation, date] = line.trim().split(',', 3);
    const number = Number.parseInt((component === 'sbat' ? date : generation) ?? '', 10);
    return component && Number.isFinite(number) ? [{ component, generation: number }] : [];
  });
}
