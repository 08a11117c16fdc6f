import { type Command, commands, entryOf } from './commands.ts';
import { type BootMenu, bootMenu } from './entries.ts';
import { type Prompt, promptsOfArguments } from './kernel-prompts.ts';
import { withoutPrologue } from './release-device.ts';
import { tokenize } from './tokenize.ts';

const asking = new Map<string | undefined, readonly [kind: Prompt['kind'], reason: string]>([
  ['read', ['input', 'GRUB waits for a line']],
  ['authenticate', ['password', 'GRUB asks for a name and a password']],
  ['cryptomount', ['passphrase', 'GRUB asks for the passphrase of a disk']],
]);

/** The text behind `name=` of an assignment to it, variables left as written; undefined if the command is none. */
function assigned(command: Command, name: string): string | undefined {
  const text = command.words[command.name === 'set' ? 1 : 0]?.text ?? '';
  return text.startsWith(`${name}=`) ? text.slice(name.length + 1) : undefined;
}

function commandPrompts(command: Command): Prompt[] {
  const [kind, reason] = asking.get(command.name) ?? [];
  const what = command.words.map((word) => word.raw).join(' ');
  const hasKey = command.words.some((word) => /^(?:-[kp]|--key-?file|--password)/.test(word.text));
  return kind === undefined || reason === undefined || hasKey ? [] : [{ kind, what, reason }];
}

function menuPrompts(all: readonly Command[], { timeoutSeconds }: BootMenu): Prompt[] {
  const reason = 'GRUB shows the menu until somebody chooses';
  if (timeoutSeconds !== undefined && timeoutSeconds < 0)
    return [{ kind: 'menu', what: `timeout=${timeoutSeconds}`, reason }];
  // One entry alone waits like several: without a timeout there is nothing that starts it.
  const hasMenu = all.some(({ name }) => name === 'menuentry' || name === 'submenu');
  const hasTimeout = all.some((command) => assigned(command, 'timeout') !== undefined);
  return hasMenu && !hasTimeout ? [{ kind: 'menu', what: 'no timeout', reason }] : [];
}

/** Where that variable is set, be it empty, only entries that say so are for everybody. */
function passwordPrompts(all: readonly Command[], title: string | undefined): Prompt[] {
  const guarded = all.some((command) => !command.conditional && assigned(command, 'superusers') !== undefined);
  const entries = all.filter(({ name }) => name === 'menuentry').map(({ words }) => words.map((word) => word.text));
  const asks = entries.some(
    (texts) => !texts.includes('--unrestricted') && (title === undefined || texts.includes(title)),
  );
  const reason = 'GRUB asks for a name and a password before it boots an entry without --unrestricted';
  return guarded && asks ? [{ kind: 'password', what: 'superusers', reason }] : [];
}

/**
 * What waits for a person when a machine boots this configuration and nobody touches a key: in GRUB, and in the system
 * that the default entry starts. What depends on variables that only GRUB knows is not told.
 *
 * @throws GRUB_CONFIG_MALFORMED
 */
export function promptsOf(text: string): Prompt[] {
  const menu = bootMenu(text);
  const all = commands(tokenize(withoutPrologue(text)));
  const title = menu.defaultEntry?.title;
  const runs = all.filter((command) => command.scope.kind === 'script' || entryOf(command)?.title === title);
  return [
    ...runs.flatMap(commandPrompts),
    ...menuPrompts(all, menu),
    ...passwordPrompts(all, title),
    ...promptsOfArguments(menu.defaultEntry?.arguments ?? []),
  ];
}
