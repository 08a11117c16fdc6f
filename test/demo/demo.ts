/** `npm run demo`: a machine boots from the network, on this computer alone, with nothing prepared. */
import { whyNoMachine } from './ground.ts';
import { bootMachine } from './machine-road.ts';
import { Story } from './story.ts';

const story = new Story();
let interrupted = false;
// The programs that were started hear Ctrl-C too and end; then everything is put away on the ordinary way out.
process.on('SIGINT', () => {
  if (interrupted) process.exit(130);
  interrupted = true;
});

const reason = process.argv.includes('--small') ? 'the small road was asked for' : await whyNoMachine();
try {
  if (reason === undefined) {
    story.say('A machine without a disk boots a LiveOS from Bootwright, on a network inside this computer.\n');
    await bootMachine(story);
    story.say(`\nBooted in ${story.elapsed}. The machine, the server and the network are gone again.`);
  }
} catch (error) {
  if (!interrupted) story.failed(error instanceof Error ? error.message : String(error));
  else story.failed('Stopped. The machine, the server and the network are gone again.');
  process.exitCode = interrupted ? 130 : 1;
}
