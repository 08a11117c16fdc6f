/**
 * One word of xorriso's command language, whatever is in it. All but harmless characters are written as the octal
 * numbers of their bytes: with `-backslash_codes in_double_quotes` no name can end its quotes, or its line.
 */
function quoted(text: string): string {
  let word = '';
  for (const byte of Buffer.from(text)) {
    const character = String.fromCharCode(byte);
    word += /[\w/.,+-]/.test(character) ? character : `\\${byte.toString(8).padStart(3, '0')}`;
  }
  return `"${word}"`;
}

/** A path of the disc: with its slash in front, none is taken for a command or an option. */
function onDisc(path: string): string {
  return quoted(`/${path}`);
}

function octal(mode: number): string {
  return quoted((mode & 0o7777).toString(8).padStart(5, '0'));
}

/** Everybody's files belong to root, whoever builds the disc. */
function ownedByRoot(path: string): string[] {
  return [`-chown "0" ${onDisc(path)} --`, `-chgrp "0" ${onDisc(path)} --`];
}

/** Takes away what is at a path, with all that is in it. */
export function removeCommands(path: string): string[] {
  return [`-rm_r ${onDisc(path)} --`];
}

export function folderCommands(path: string, mode: number, epochSeconds: number): string[] {
  return [`-mkdir ${onDisc(path)} --`, ...ownedByRoot(path), ...modeAndDate(path, mode, epochSeconds)];
}

/**
 * Puts the file `source` (a name of our own) at a path. `order` says where its bytes come among the other new ones:
 * left alone, xorriso sorts them by their inodes.
 */
export function fileCommands(
  source: string,
  path: string,
  { mode, epochSeconds, order }: { mode: number; epochSeconds: number; order: number },
): string[] {
  return [
    `-map ${quoted(source)} ${onDisc(path)}`,
    ...ownedByRoot(path),
    ...modeAndDate(path, mode, epochSeconds),
    `-find ${onDisc(path)} -exec sort_weight -${order} --`,
  ];
}

export function linkCommands(path: string, target: string, epochSeconds: number): string[] {
  const date = `-alter_date "b" "=${epochSeconds}" ${onDisc(path)} --`;
  return [`-lns ${quoted(target)} ${onDisc(path)}`, ...ownedByRoot(path), date];
}

function modeAndDate(path: string, mode: number, epochSeconds: number): string[] {
  return [`-chmod ${octal(mode)} ${onDisc(path)} --`, `-alter_date "b" "=${epochSeconds}" ${onDisc(path)} --`];
}

/** What a disc without Rock Ridge shows, of which xorriso would make 0555 for all. */
export function modesWithoutRockRidge(): string[] {
  return ['-find / -type f -exec chmod 0444 --', '-find / -type d -exec chmod 0555 --'];
}
