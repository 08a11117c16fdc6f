/** Something that waits for a person while a machine boots. */
export interface Prompt {
  readonly kind: /** GRUB shows the menu until somebody chooses. */
    | 'menu'
    /** GRUB or dracut asks for a line. */
    | 'input'
    /** GRUB asks who may boot. */
    | 'password'
    /** GRUB or the initramfs asks for what opens an encrypted disk. */
    | 'passphrase'
    /** dracut asks whether a system that keeps no changes will do. */
    | 'overlay'
    /** A shell takes the place of the system. */
    | 'shell'
    /** systemd asks before each of its steps. */
    | 'confirmation';
  /** What asks, as it stands in the configuration. */
  readonly what: string;
  readonly reason: string;
}

/** Not `=0`, `=no` and the like, by which an argument says that it is not meant. */
const meant = '(?!=(?:0|no|off|false)$)';

const rules: readonly (readonly [matches: RegExp, kind: Prompt['kind'], reason: string])[] = [
  [/^(?:rd\.break|rdbreak|break)(?:=.*)?$/, 'shell', 'the initramfs stops at a shell'],
  [/^rd\.cmdline=ask$/, 'input', 'dracut asks for further arguments'],
  [new RegExp(`^systemd\\.confirm_spawn${meant}(?:=.*)?$`), 'confirmation', 'systemd asks before it starts anything'],
  [/^(?:emergency|rescue|single|[sS1]|-[bs])$/, 'shell', 'the system stops at a shell for its administrator'],
  [
    /^(?:rd\.)?systemd\.unit=(?:emergency|rescue)\.target$/,
    'shell',
    'the system stops at a shell for its administrator',
  ],
  [/^(?:rd)?init=(?:\/usr)?\/bin\/(?:ba|da)?sh$/, 'shell', 'a shell takes the place of the system'],
  [
    /^rd\.luks\.(?:uuid|name)=/,
    'passphrase',
    'the initramfs asks for the passphrase of a disk, unless a key is at hand',
  ],
];

const readonlyInMemory = ['overlayfs', 'readonly'].map(
  (name) => new RegExp(`^rd\\.live\\.overlay\\.${name}${meant}(?:=.*)?$`),
);
const unasked = new RegExp(`^rd\\.live\\.overlay\\.nouserconfirmprompt${meant}(?:=.*)?$`);

/** dracut looks for a place to keep changes in, and asks if there is none (do_live_overlay in dmsquash-live-root.sh). */
function overlayPrompt(args: readonly string[]): Prompt[] {
  const what = args.findLast((argument) => /^rd\.(?:live\.)?overlay=./.test(argument));
  if (what === undefined || args.some((argument) => unasked.test(argument))) return [];
  if (readonlyInMemory.every((named) => args.some((argument) => named.test(argument)))) return [];
  const reason = 'dracut waits for the Enter key where changes are lost, without rd.live.overlay.nouserconfirmprompt';
  return [{ kind: 'overlay', what, reason }];
}

/** What waits for a person in a system whose kernel is given these arguments. */
export function promptsOfArguments(args: readonly string[]): Prompt[] {
  const found = args.flatMap((what) =>
    rules.filter(([matches]) => matches.test(what)).map(([, kind, reason]): Prompt => ({ kind, what, reason })),
  );
  return [...found, ...overlayPrompt(args)];
}
