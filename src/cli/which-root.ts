import { existsSync } from 'node:fs';
import type { Command } from 'commander';

/** Where a configuration is looked for that was not named. */
const defaultConfig = 'bootwright.yaml';

/** The file of settings: the one that was named, else BOOTWRIGHT_CONFIG, else bootwright.yaml where there is one. */
export function configFile(named: string | undefined): string | undefined {
  return named ?? (process.env['BOOTWRIGHT_CONFIG'] || (existsSync(defaultConfig) ? defaultConfig : undefined));
}

/** `--config`, as every command has it that reads settings. */
export function withConfig(command: Command): Command {
  return command.option(
    '--config <file>',
    `settings (default: ${defaultConfig}, where there is one) [BOOTWRIGHT_CONFIG]`,
  );
}

export interface RootFlags {
  readonly root?: string;
  readonly config?: string;
}

/** `--root` and `--config`, for a command about the root that a server serves. */
export function withRoot(command: Command): Command {
  return withConfig(
    command.option('--root <dir>', 'folder of the releases (default: the one in the settings) [BOOTWRIGHT_ROOT]'),
  );
}

/** The root that was named, else the one that `serve` takes here with the same settings. Throws as `loadSettings`. */
export async function whichRoot({ root, config }: RootFlags): Promise<string> {
  if (root !== undefined) return root;
  const { loadSettings } = await import('../config/load.ts');
  return loadSettings(configFile(config), process.env, {}).root;
}
