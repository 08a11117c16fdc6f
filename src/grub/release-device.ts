/** The variable that holds, on a machine, where its release is: a network device and the path of the release. */
export const releaseVariable = 'bootwright';

/** As it stands in front of a path. */
export const releaseReference = `\${${releaseVariable}}`;

const prologue = /^# Bootwright release [^\n]*\n(?:[^\n]{0,1000}\n){1,2}?export bootwright\n/;

/** The lines at the top of a rendered configuration; `choice` sets the variable. */
export function prologueOf(releaseId: string, choice: string): string {
  // Exported, since GRUB gives a submenu only the variables that are.
  return `# Bootwright release ${releaseId}\n${choice}\nexport ${releaseVariable}\n`;
}

export function withoutPrologue(text: string): string {
  return text.replace(prologue, '');
}
