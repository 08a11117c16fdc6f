import { Command } from 'commander';
import { environmentName, type FlagKey, flagTable } from '../config/flags.ts';
import { keepYoungSpaceSmall } from '../platform/young-space.ts';
import { endOnSignals } from './signals.ts';
import { configFile, withConfig } from './which-root.ts';

/** `--dhcp-port <port>` → `dhcpPort`, as commander names it. */
function optionName(flag: string): string {
  return (flag.split(' ')[0] as string).slice(2).replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** SIGHUP is the end of the terminal where there is one; of a service it is "read your files again". */
function stopped(): Promise<string> {
  const signals = ['SIGTERM', 'SIGINT'] as const;
  return new Promise((resolve) => endOnSignals(process.stdout.isTTY ? [...signals, 'SIGHUP'] : signals, resolve));
}

/** `bootwright serve`: DHCP, TFTP and HTTP in this one process, until SIGTERM or Ctrl-C. */
export function serveCommand(): Command {
  const command = withConfig(new Command('serve')).description(
    'Serve machines: DHCP, TFTP and HTTP in one process. ISOs put into the images folder are published.',
  );
  for (const { flag, help, key } of flagTable) command.option(flag, `${help} [${environmentName(key)}]`);
  return command.action(async (options: Record<string, string | undefined>) => {
    const flags: Partial<Record<FlagKey, string>> = {};
    for (const { key, flag } of flagTable) {
      const value = options[optionName(flag)];
      if (value !== undefined) flags[key] = value;
    }
    const [{ startBootwright }, { loadSettings }, { createLog }] = await Promise.all([
      import('../bootwright.ts'),
      import('../config/load.ts'),
      import('../log.ts'),
    ]);
    const settings = loadSettings(configFile(options['config']), process.env, flags);
    const log = createLog(settings.log);
    const stop = stopped();
    // Also before there is anything to read again, or the signal would end the process.
    let reload = async () => {};
    if (!process.stdout.isTTY) process.on('SIGHUP', () => void reload());
    const running = await startBootwright(settings, log);
    keepYoungSpaceSmall();
    reload = () => running.reload();
    const signal = await stop;
    log.info(`${signal}: stopping; transfers may finish within ${settings.stopSeconds} s`);
    await running.close();
    log.info('stopped');
  });
}
