import { onOneLine } from '../format.ts';
import type { Finding } from '../inspect/finding.ts';

/** Warnings of a build, which a person reads when its progress is no longer in the way. */
export interface Warnings {
  finding(finding: Finding): void;
  /** A key of a configuration file that nobody acts upon. */
  ignoredKey(key: string, path: string): void;
  show(): void;
}

export function showWarnings(json: boolean): Warnings {
  const lines: string[] = [];
  return {
    finding({ code, severity, problem, remedy, data }) {
      if (json) console.log(JSON.stringify({ event: severity, code, message: problem, remedy, data }));
      else lines.push(`${severity}: ${onOneLine(problem)}.\n  ${onOneLine(remedy)}\n  (${code})`);
    },
    ignoredKey(key, path) {
      const message = `${path}: "${key}" is a setting of Azure Linux Image Customizer that Bootwright does not act upon`;
      if (json)
        console.log(JSON.stringify({ event: 'warning', code: 'IMAGE_YAML_IGNORED_KEY', message, data: { key } }));
      else lines.push(`warning: ${onOneLine(message)}.`);
    },
    show() {
      for (const line of lines.splice(0)) console.error(line);
    },
  };
}
