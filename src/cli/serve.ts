import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { environmentName, type FlagKey, flagTable } from '../config/flags.ts';

/** Where a configuration is looked for that was not named. */
const defaultConfig = 'bootwright.yaml';

/** `--dhcp-port <port>` → `dhcpPort`, as commander names it. */
function optionName(flag: string): string {
  return (flag.split(' ')[0] as string).slice(2).replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function stopped(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
  });
}

/** `bootwright serve`: DHCP, TFTP and HTTP in this one process, until SIGTERM or Ctrl-C. */
export function serveCommand(): Command {
  const command = new Command('serve')
    .description('Serve machines: DHCP, TFTP and HTTP in one process. ISOs put into the images folder are published.')
    .option('--config <file>', `settings (default: ${defaultConfig}, where there is one)`);
  for (const { flag, help, key } of flagTable) command.option(flag, `${help} [${environmentName(key)}]`);
  return command.action(async (options: Record<string, string | undefined>) => {
    const flags: Partial<Record<FlagKey, string>> = {};
    for (const { key, flag } of flagTable) {
      const value = options[optionName(flag)];
      if (value !== undefined) flags[key] = value;
    }
    const config =
      options['config'] ?? process.env['BOOTWRIGHT_CONFIG'] ?? (existsSync(defaultConfig) ? defaultConfig : undefined);
    const [{ startBootwright }, { loadSettings }, { createLog }] = await Promise.all([
      import('../bootwright.ts'),
      import('../config/load.ts'),
      import('../log.ts'),
    ]);
    const settings = loadSettings(config, process.env, flags);
    const log = createLog(settings.log);
    const stop = stopped();
    const running = await startBootwright(settings, log);
    const signal = await stop;
    log.info(`${signal}: stopping; transfers may finish within ${settings.stopSeconds} s`);
    process.once('SIGINT', () => process.exit(130));
    await running.close();
    log.info('stopped');
  });
}
